"""What kills leave: cleared when its process is dead, and nothing else is."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import BinaryIO

import pytest

from relume.io import parts
from relume.io.atomic import replacing
from relume.runs import left
from relume.runs.left import clear, folders_of
from relume.runs.manifest import Manifest
from relume.runs.manifest_files import manifest_of
from relume.runs.plan import Job

pytestmark = pytest.mark.skipif(os.name != "posix", reason="there are no locks to tell by")

KILLED = """
import os, signal, sys
from pathlib import Path
from relume.io.atomic import replacing
with replacing(Path(sys.argv[1])) as stream:
    stream.write(b"half")
    stream.flush()
    os.kill(os.getpid(), signal.SIGKILL)
"""


def kill_one(target: Path) -> Path:
    """Write a file and be killed at it; return what that leaves."""
    before = set(target.parent.iterdir())
    subprocess.run([sys.executable, "-c", KILLED, str(target)], check=False)
    (part,) = set(target.parent.iterdir()) - before
    return part


def test_only_what_belongs_to_nobody_is_removed(tmp_path: Path) -> None:
    part = kill_one(tmp_path / "a.jpg")
    others = [".relume-1.part", ".relume-0123456789abcdef.part.jpg", "relume.part", "a.jpg"]
    for name in others:
        (tmp_path / name).write_bytes(b"mine")
    (tmp_path / ".relume-0123456789abcdef.part").mkdir()
    with replacing(tmp_path / "b.jpg") as stream:
        stream.write(b"whole")
        assert clear([str(tmp_path), str(tmp_path / "none")]) == 1
        assert not part.exists()
        assert clear([str(tmp_path)]) == 0
    assert (tmp_path / "b.jpg").read_bytes() == b"whole"
    assert {path.name for path in tmp_path.iterdir()} == {
        *others,
        "b.jpg",
        ".relume-0123456789abcdef.part",
    }


def test_who_finds_its_file_taken_away_makes_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock, calls = parts._held, list[int]()  # pyright: ignore[reportPrivateUsage]

    def late(stream: BinaryIO) -> int | None:
        calls.append(1)
        if len(calls) == 1:  # somebody clears up between making it and locking it
            assert clear([str(tmp_path)]) == 1
        return lock(stream)

    monkeypatch.setattr(parts, "_held", late)
    with replacing(tmp_path / "a.jpg") as stream:
        stream.write(b"whole")
    assert [path.name for path in tmp_path.iterdir()] == ["a.jpg"]
    assert (tmp_path / "a.jpg").read_bytes() == b"whole"


def test_where_machines_share_a_folder_it_must_be_old(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def shared(_: Path) -> bool:
        return True

    monkeypatch.setattr(left, "is_shared_by_machines", shared)
    part = kill_one(tmp_path / "a.jpg")
    assert clear([str(tmp_path)]) == 0
    os.utime(part, (1, 1))
    assert clear([str(tmp_path)]) == 1


def test_folders_are_those_that_were_and_will_be_written_to(tmp_path: Path) -> None:
    with Manifest(manifest_of(tmp_path), root=tmp_path) as book:
        book.open_run("{}", command=[])
        for name in ("s3://bucket/x.jpg", tmp_path / "sub/x.jpg"):
            book.begin_all([(name, "x.jpg", None, None)])
        jobs = [Job("a", "there/a.jpg"), Job("b", "b.jpg"), Job("c", "done/c.jpg", "it is done")]
        assert folders_of(jobs, book) == {"there", ".", str(tmp_path / "sub")}
        assert folders_of(jobs, None) == {"there", "."}
