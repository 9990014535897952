"""A run that is at work is known to others for as long as it lives."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import pytest

from relume.runs.at_work import hold, is_held, let_go, lock_of
from relume.runs.manifest import Manifest
from relume.runs.manifest_files import manifest_of
from relume.runs.rows import Ending

fcntl = pytest.importorskip("fcntl")

HOLDER = """
import sys
from pathlib import Path
from relume.runs.at_work import hold
held = hold(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


def test_a_lock_ends_with_its_process(tmp_path: Path) -> None:
    file = tmp_path / "run.sqlite.1.lock"
    assert not is_held(file)
    command = [sys.executable, "-c", HOLDER, str(file)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        assert is_held(file)
        holder.kill()
    assert not is_held(file)
    assert not file.exists()  # what a killed run left does not stay


PROBER = """
import sys
from pathlib import Path
from time import sleep
from relume.runs.at_work import is_held
print("looks", flush=True)
while True:
    is_held(Path(sys.argv[1]))
    sleep(0.0005)  # without a pause, two of them on two busy cores leave no room for a third
"""


def before_the_first_lock(monkeypatch: pytest.MonkeyPatch, do: Callable[[], object]) -> None:
    """Do something between the opening of a file and the first lock that is asked for."""
    lock, first = fcntl.flock, [True]

    def interrupted(stream: BinaryIO, how: int) -> None:
        if first:
            first.clear()
            do()
        lock(stream, how)

    monkeypatch.setattr(fcntl, "flock", interrupted)


def test_what_is_held_has_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "run.sqlite.1.lock"
    before_the_first_lock(monkeypatch, file.unlink)
    held = hold(file)
    assert held is not None
    assert is_held(file)
    let_go(file, held)
    assert not file.exists()


def test_who_looks_does_not_remove_another_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "run.sqlite.1.lock"
    file.touch()  # left by a run that was killed
    taken: list[BinaryIO | None] = []

    def replaced() -> None:
        file.unlink()
        taken.append(hold(file))

    before_the_first_lock(monkeypatch, replaced)
    assert is_held(file)
    assert file.exists()
    let_go(file, taken[0])


def test_a_lock_is_had_though_others_look(tmp_path: Path) -> None:
    file = tmp_path / "run.sqlite.1.lock"
    command = [sys.executable, "-c", PROBER, str(file)]
    lookers = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(2)]
    try:
        for looker in lookers:
            assert looker.stdout is not None
            looker.stdout.readline()
        for _ in range(50):
            held = hold(file)
            assert held is not None
            assert is_held(file)
            held.close()  # as when a run is killed: the file stays
    finally:
        for looker in lookers:
            looker.kill()
            looker.communicate()


def test_of_two_runs_one_begins_a_picture(tmp_path: Path) -> None:
    path, output = manifest_of(tmp_path), tmp_path / "a.jpg"
    begun = (output, "d/a.jpg", None, None)
    with Manifest(path, root=tmp_path) as first, Manifest(path, root=tmp_path) as second:
        first.open_run("{}", command=[])
        second.open_run("{}", command=[])
        assert first.claim(begun, seen=None)
        assert not second.claim(begun, seen=None)
        row = second.row(output)
        assert row is not None
        assert second.is_at_work(row)
        assert not first.is_at_work(row)
        first.end(output, Ending("failed", error="x"))
        assert not second.claim(begun, seen=(row.run, "begun"))
        assert second.claim(begun, seen=(row.run, "failed"))
        assert not first.claim(begun, seen=(row.run, "failed"))
        number = second.run
        assert lock_of(path, number).exists()
    assert not list(path.parent.glob("*.lock"))
    with Manifest(path, root=tmp_path) as third:
        third.open_run("{}", command=[])
        row = third.row(output)
        assert row is not None
        assert row.run == number
        assert not third.is_at_work(row)  # that run has ended, and left the picture begun
