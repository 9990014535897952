"""What holds for every test: nothing is kept in the cache of the person who runs them, one of
several workers takes one core, and what takes long comes first."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import groupby

import pytest

if "PYTEST_XDIST_WORKER" in os.environ:
    # torch's threads wait by spinning, each for what the other worker's hold. relume's own threads
    # stay: tests compare results between numbers of them.
    os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.hookimpl(trylast=True)  # when it is known which tests are chosen
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the files that hold slow tests first, so that no worker ends with one while the others
    have nothing left. Workers begin with equal parts of the list and steal from each other's end.
    """
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    if workers == 1:
        return
    slow: list[list[pytest.Item]] = []
    quick: list[pytest.Item] = []
    for _, group in groupby(items, key=lambda item: item.path):
        file = list(group)
        if any(item.get_closest_marker("slow") for item in file):
            slow.append(file)
        else:
            quick += file
    ordered: list[pytest.Item] = []
    for worker in range(workers):
        ordered += [item for file in slow[worker::workers] for item in file]
        room = len(items) * (worker + 1) // workers - len(ordered)
        ordered += quick[: max(room, 0)]
        del quick[: max(room, 0)]
    items[:] = [*ordered, *quick]


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent  # of all workers: what one has compiled, no other does again
    (folder / "user-cache").mkdir(exist_ok=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(folder / "user-cache"))
        yield
