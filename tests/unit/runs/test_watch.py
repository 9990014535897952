"""Watching a folder: complete files once each, also those in folders made at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from relume.extras import missing, pip_line
from relume.runs.plan import Job
from relume.runs.watch import Arrivals

pytestmark = pytest.mark.skipif(
    bool(missing("watch")), reason=f"needs watchfiles; {pip_line('watch')}"
)
STILL = 0.4


def arrivals(folder: Path) -> Iterator[list[Job]]:
    def scan() -> list[Job]:
        return [Job(path, Path("out") / path.name) for path in sorted(folder.rglob("*.jpg"))]

    return iter(Arrivals([folder], scan, still=STILL, every=5.0))


def test_a_file_is_taken_once_it_is_complete(tmp_path: Path) -> None:
    slow = tmp_path / "slow.jpg"
    ended: list[float] = []

    def write() -> None:
        with slow.open("wb") as stream:
            for _ in range(8):
                stream.write(b"x" * 1000)
                stream.flush()
                time.sleep(STILL / 3)
        ended.append(time.monotonic())

    writer = threading.Thread(target=write)
    writer.start()
    (job,) = next(arrivals(tmp_path))
    assert ended, "it was taken while it was being written"
    writer.join()
    assert (job.input, slow.stat().st_size) == (slow, 8000)


def test_new_folders_and_changed_files(tmp_path: Path) -> None:
    (tmp_path / "first.jpg").write_bytes(b"x")
    (tmp_path / "empty.jpg").write_bytes(b"")
    coming = arrivals(tmp_path)
    assert [job.input.name for job in next(coming)] == ["first.jpg"]

    def make() -> None:
        time.sleep(0.3)
        folder = tmp_path / "new" / "deep"
        folder.mkdir(parents=True)
        for index in range(5):
            (folder / f"{index}.jpg").write_bytes(b"x")

    maker = threading.Thread(target=make)
    maker.start()
    found: list[str] = []
    while len(found) < 5:
        found += [job.input.name for job in next(coming)]
    maker.join()
    assert sorted(found) == [f"{index}.jpg" for index in range(5)]
    (tmp_path / "first.jpg").write_bytes(b"another")
    assert [job.input.name for job in next(coming)] == ["first.jpg"]
