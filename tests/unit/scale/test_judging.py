"""What two drivers over one record leave to each other."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from relume.cli._fleet import _begin  # pyright: ignore[reportPrivateUsage]
from relume.runs.manifest import Manifest
from relume.scale.judging import Judge
from relume.scale.tasks import Record, Task

pytestmark = pytest.mark.skipif(os.name != "posix", reason="others are known by their locks")


@pytest.fixture
def drivers(tmp_path: Path) -> Iterator[tuple[Manifest, Manifest]]:
    path = tmp_path / "run.sqlite"
    with Manifest(path, root=tmp_path) as one, Manifest(path, root=tmp_path) as other:
        for book in (one, other):
            book.open_run("{}", command=["enhance"])
        yield one, other


def judged(book: Manifest, task: Task) -> Task | Record:
    (found,) = Judge(book, "{}")([task])
    return found


@pytest.mark.parametrize("place", ["", "memory://out/"], ids=["files", "store"])
def test_what_another_driver_has_begun_is_left_to_it(
    tmp_path: Path, drivers: tuple[Manifest, Manifest], place: str
) -> None:
    (tmp_path / "a.jpg").write_bytes(b"x")
    task = Task(str(tmp_path / "a.jpg"), f"{place or f'{tmp_path}/out/'}a.jpg")
    one, other = drivers
    first, second = judged(one, task), judged(other, task)
    assert isinstance(first, Task)
    assert isinstance(second, Task)  # nobody had begun it yet
    assert _begin(one, first)
    assert not _begin(other, second)
    late = judged(other, task)
    assert isinstance(late, Record)
    assert "another run is at work" in late.message
    row = one.row(task.output)
    assert row is not None
    assert row.run == one.run
