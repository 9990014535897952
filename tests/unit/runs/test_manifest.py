"""The record of a run: what it keeps, what it refuses, and that a kill loses nothing."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from relume.errors import UnreadableError, UnwritableError
from relume.runs.file_systems import is_shared_by_machines
from relume.runs.manifest import Manifest
from relume.runs.manifest_files import manifest_of
from relume.runs.rows import Ending
from relume.runs.stamp import Stamp

STAMP = Stamp(7, "1")


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Manifest]:
    with Manifest(manifest_of(tmp_path), root=tmp_path) as found:
        found.open_run("{}", command=["enhance", "d"])
        yield found


def put(book: Manifest, name: str, ending: Ending | None = None) -> Path:
    output = manifest_root(book) / name
    book.begin_all([(output, f"d/{name}", STAMP, None)])
    if ending is not None:
        book.end(output, ending)
    return output


def manifest_root(book: Manifest) -> Path:
    return book.path.parent.parent


def test_a_row_says_what_was_begun_and_how_it_ended(book: Manifest) -> None:
    output = put(book, "a.jpg")
    row = book.row(output)
    assert row is not None
    assert (row.output, row.input, row.state, row.input_stamp) == (
        "a.jpg",
        "d/a.jpg",
        "begun",
        STAMP,
    )
    ending = Ending("done", "in", Stamp(9, "2"), "out", "gamma", 0.5)
    book.end(output, ending)
    row = book.row(output)
    assert row is not None
    assert (row.state, row.input_hash, row.output_stamp) == ("done", "in", Stamp(9, "2"))
    assert (row.output_hash, row.method, row.seconds) == ("out", "gamma", 0.5)
    assert book.place(row) == str(output)
    assert book.row(manifest_root(book) / "b.jpg") is None


def test_rows_come_in_order_by_state(book: Manifest) -> None:
    names = [f"{index:04}.jpg" for index in range(2500)]  # more than one page
    book.begin_all((manifest_root(book) / name, f"d/{name}", STAMP, None) for name in names)
    failed = names[7:2000:20]
    for name in failed:
        put(book, name, Ending("failed", error="x"))
    assert [row.output for row in book.rows()] == names
    assert [row.output for row in book.rows("failed")] == failed
    assert book.counts() == {"begun": 2500 - len(failed), "failed": len(failed)}


def test_what_is_unfinished_is_found_without_a_look_at_the_rest(book: Manifest) -> None:
    for index in range(1000):
        put(book, f"{index:04}.jpg", Ending("failed" if index == 500 else "done"))
    steps = [0]

    def count() -> None:
        steps[0] += 1

    base = book._base  # pyright: ignore[reportPrivateUsage]
    base.set_progress_handler(count, 1)
    assert [row.output for row in book.rows("begun", "failed")] == ["0500.jpg"]
    base.set_progress_handler(None, 1)
    assert steps[0] < 1000  # instructions of SQLite: fewer than there are rows


@pytest.mark.parametrize("asked", [[3, 4, 5, 7], [0, 99], []], ids=["near", "far", "none"])
def test_what_is_settled_is_found_wherever_it_lies(book: Manifest, asked: list[int]) -> None:
    root = manifest_root(book)
    for index in range(100):
        state = "failed" if index == 4 else "done"
        put(book, f"{index:03}.jpg", Ending(state, "in", Stamp(9, "2"), "out"))
    outputs = [str(root / f"{index:03}.jpg") for index in (*asked, 200)]
    expected = [
        None if name in ("004.jpg", "200.jpg") else (name, f"d/{name}", 7, "1", 9, "2")
        for name in (Path(output).name for output in outputs)
    ]
    assert book.settled(outputs, "{}") == expected
    assert book.settled(outputs, '{"other": 1}') == [None] * len(outputs)


def test_the_folder_of_results_may_move(tmp_path: Path) -> None:
    first = tmp_path / "first"
    with Manifest(manifest_of(first), root=first) as book:
        book.open_run("{}", command=[])
        put(book, "sub/a.jpg")
    first.rename(tmp_path / "second")
    second = tmp_path / "second"
    with Manifest.there(manifest_of(second), root=second) as book:
        (row,) = book.rows()
        assert book.place(row) == str(second / "sub" / "a.jpg")
        assert book.runs()[0].ended is not None


def test_what_is_no_manifest_is_left_alone(tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("mine " * 1000)
    other = tmp_path / "other.sqlite"
    with sqlite3.connect(other) as base:
        base.execute("CREATE TABLE mine (a)")
    base.close()
    for path in (text, other):
        before = path.read_bytes()
        with pytest.raises(UnreadableError, match=path.name):
            Manifest(path, root=tmp_path)
        assert path.read_bytes() == before
    with pytest.raises(UnreadableError, match="no manifest"):
        Manifest.there(tmp_path / "none.sqlite", root=tmp_path)


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UnwritableError, match="--manifest"):
        Manifest(tmp_path / "file" / "run.sqlite", root=tmp_path)


MANY = """
import sys
from collections.abc import Iterator
from pathlib import Path
from relume.runs.manifest import Manifest
from relume.runs.rows import Ending
root = Path(sys.argv[1])
book = Manifest(root / "run.sqlite", root=root)
book.open_run("{}", command=[])
for index in range(int(sys.argv[3])):
    output = root / f"{sys.argv[2]}-{index}.jpg"
    book.begin_all([(output, "x", None, None)])
    book.end(output, Ending("done"))
    print(index, flush=True)
"""


def test_several_processes_write_and_one_is_killed(tmp_path: Path) -> None:
    Manifest(tmp_path / "run.sqlite", root=tmp_path).close()
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", MANY, str(tmp_path), name, "300"],
            stdout=subprocess.PIPE,
            text=True,
        )
        for name in "abc"
    ]
    victim = writers[0]
    assert victim.stdout is not None
    for _ in range(50):
        assert victim.stdout.readline()
    victim.send_signal(signal.SIGKILL)
    acknowledged = 50 + len(victim.stdout.read().splitlines())
    victim.stdout.close()
    assert victim.wait() == -signal.SIGKILL
    assert acknowledged < 300  # it was killed in the middle
    for writer in writers[1:]:
        out, _ = writer.communicate(timeout=60)
        assert (writer.returncode, len(out.splitlines())) == (0, 300)
    with Manifest(tmp_path / "run.sqlite", root=tmp_path) as book:
        rows = list(book.rows())
    done = [row.output.split("-")[0] for row in rows if row.state == "done"]
    assert (done.count("b"), done.count("c")) == (300, 300)
    assert acknowledged <= done.count("a") <= acknowledged + 1


def test_network_file_systems_are_known_by_their_mount(tmp_path: Path) -> None:
    mounts = tmp_path / "mounts"
    real = os.path.realpath(tmp_path)
    mounts.write_text(f"disk / ext4 rw 0 0\nserver:/x {real}/far\\040away nfs4 rw 0 0\n")
    far = tmp_path / "far away"
    far.mkdir()
    assert is_shared_by_machines(far, mounts=mounts)
    assert not is_shared_by_machines(tmp_path, mounts=mounts)
    assert not is_shared_by_machines(tmp_path / "far awayer", mounts=mounts)
    assert not is_shared_by_machines(tmp_path, mounts=tmp_path / "none")
