"""Where output cannot go: one plain line, exit 1, results of pictures whole."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from e2e.command import COMMAND, put_photo
from relume.release import __version__

FULL = Path("/dev/full")


def told(shell: str) -> subprocess.CompletedProcess[str]:
    """Run a command with redirections, which a shell makes."""
    line = " ".join(COMMAND) + " " + shell
    return subprocess.run(
        ["/bin/sh", "-c", line], stderr=subprocess.PIPE, text=True, timeout=120, check=False
    )


@pytest.mark.skipif(not FULL.exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("verb", ["methods", "--version"])
def test_a_full_output_is_one_line(verb: str) -> None:
    ended = told(f"{verb} >/dev/full")
    assert ended.returncode == 1
    assert ended.stderr == "relume: cannot write to standard output: No space left on device\n"


def test_a_closed_output_is_one_line_and_the_picture_is_whole(folder: Path) -> None:
    put_photo("a.png")
    ended = told("enhance a.png -m gamma >&-")
    assert ended.returncode == 1
    assert ended.stderr == "relume: cannot write to standard output: Bad file descriptor\n"
    assert (folder / "a.relume.png").read_bytes().endswith(b"IEND\xaeB`\x82")
    ended = told("enhance a.png -m gamma -o b.png -q >&- 2>&-")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert (folder / "b.png").exists()


LEAVING = """
import atexit, sys
from relume.cli import main
atexit.register(print, "registered")
sys.argv = ["relume", "--version"]
sys.exit(main())
"""


def test_what_is_registered_for_the_end_runs_and_is_seen() -> None:
    buffered = {**os.environ, "PYTHONUNBUFFERED": ""}
    ended = subprocess.run(
        [sys.executable, "-c", LEAVING], capture_output=True, text=True, env=buffered
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout == f"relume {__version__}\nregistered\n"
