"""Ctrl-C and closed pipes: prompt, quiet, nothing half written."""

from __future__ import annotations

import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PIL import Image

from e2e.command import COMMAND, put_photo

PROMPT = 5.0
"""Seconds in which an interrupted run must end, on a busy machine."""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("extra", [(), ("--json",)])
def test_interrupted_in_the_middle(folder: Path, number: int, extra: tuple[str, ...]) -> None:
    data = put_photo("d/00.png", height=500, width=700)
    for index in range(1, 60):
        Path(f"d/{index:02}.png").write_bytes(data)
    with subprocess.Popen(
        [*COMMAND, "enhance", "d", "-o", "out", "-m", "gamma", *extra],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        for _ in range(3):
            assert process.stdout.readline()
        process.send_signal(number)
        start = time.perf_counter()
        out, err = process.stdout.read(), process.stderr.read()
    assert time.perf_counter() - start < PROMPT
    assert process.returncode == 130
    count, farewell = err.splitlines()
    assert farewell == "relume: interrupted"
    made = sorted(path for path in Path("out").iterdir() if path.name != ".relume")
    assert 3 <= len(made) < 60
    assert count == f"{len(made)} enhanced, {60 - len(made)} not finished"
    # One line may be lost: the signal may come while it is being printed.
    assert len(made) - 4 <= len(out.splitlines()) <= len(made) - 3
    assert all(path.suffix == ".png" and not path.name.startswith(".") for path in made)
    for path in made:
        with Image.open(path) as image:
            image.load()


SLOW = """
import sys, time
from relume.cli import main
from relume.runtime import Enhancer
real = Enhancer.photo
def slow(self, photo):
    print("begun", file=sys.stderr, flush=True)
    time.sleep(60)
    return real(self, photo)
Enhancer.photo = slow
sys.exit(main(["enhance", "a.jpg", "-m", "gamma"]))
"""


def test_a_network_at_work_is_not_waited_for(folder: Path) -> None:
    put_photo("a.jpg")
    with subprocess.Popen(
        [sys.executable, "-c", SLOW], stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        assert process.stderr.readline() == "begun\n"
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=PROMPT)
    assert process.returncode == 130
    assert err == "1 not finished\nrelume: interrupted\n"
    assert list(Path().iterdir()) == [Path("a.jpg")]


@pytest.mark.parametrize("command", ["methods --json", "enhance d -m identity --json", "doctor"])
def test_a_reader_that_leaves_is_no_error(folder: Path, command: str) -> None:
    for index in range(8):
        put_photo(f"d/{index}.jpg", seed=index)
    line = f"{shlex.join(COMMAND)} {command} | head -c 10"
    ended = subprocess.run(["sh", "-c", line], capture_output=True, timeout=60, check=False)
    assert len(ended.stdout) == 10
    assert ended.stderr == b""


def test_a_reader_that_was_never_there(folder: Path) -> None:
    data = put_photo("a.jpg", height=600, width=800)
    with subprocess.Popen(
        [*COMMAND, "enhance", "-", "-m", "gamma"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        process.stdin.write(data)
        process.stdin.close()
        assert process.stderr.read() == b""
    assert process.returncode == 1
