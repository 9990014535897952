"""A run that is at work is known to others for as long as it lives."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from relume.runs.at_work import is_held, lock_of
from relume.runs.manifest import Manifest
from relume.runs.manifest_files import manifest_of
from relume.runs.rows import Ending

pytest.importorskip("fcntl")

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
