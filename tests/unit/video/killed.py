"""Runs killed at random moments and run again: the result must be that of one that was not.

    python tests/unit/video/killed.py [COUNT] [SEED]

Each of COUNT runs is killed by SIGKILL somewhere between its start and its end, some of them twice,
and run again until it ends; its result must be the same to the byte, and nothing else be left.
"""

from __future__ import annotations

import random
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import clips

RUN = """
import sys
from pathlib import Path
from relume.runtime.method import load
from relume.video import enhance, pieces
from relume.video.choice import Chosen

enhance.FRAMES = pieces.FRAMES = 8
method = load("relume", threads=1)
choose = lambda source: Chosen(method, {"denoise": 0.0}, 1.0)
options = enhance.Options(preset="ultrafast", threads=1)
enhance.VideoRun(Path(sys.argv[1]), Path(sys.argv[2]), choose, options)()
"""
LONGEST = 120.0


def start(source: Path, target: Path) -> subprocess.Popen[bytes]:
    """Start enhancing in pieces of eight frames."""
    return subprocess.Popen([sys.executable, "-c", RUN, str(source), str(target)])


def await_work(process: subprocess.Popen[bytes], target: Path) -> None:
    """Wait until a run holds the folder of its pieces and has begun one."""
    begun, deadline = time.time(), time.monotonic() + LONGEST
    while process.poll() is None and time.monotonic() < deadline:
        parts = list(target.parent.glob(".relume-*.pieces/*.part"))
        with suppress(FileNotFoundError):
            if any(part.stat().st_mtime >= begun for part in parts):
                return
        time.sleep(0.002)


def killed(source: Path, target: Path, *, part: float, lasts: float) -> bool:
    """Kill a run at a part of the time that it works for; False if it had ended by then."""
    process = start(source, target)
    await_work(process, target)
    try:
        process.wait(part * lasts)
    except subprocess.TimeoutExpired:
        process.kill()
    return process.wait(LONGEST) != 0


def main(count: int, seed: int) -> int:
    """Print what went wrong."""
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        times = [0, 1, 2, 4, 5, 9, *range(10, 400)]
        shown = clips.moving(clips.scene(120, 160))
        source = clips.write(folder / "a.mp4", shown, times=times, sound=True)
        whole_run = start(source, folder / "whole.mp4")
        await_work(whole_run, folder / "whole.mp4")
        begun = time.monotonic()
        while whole_run.poll() is None and not (folder / "whole.mp4").exists():
            time.sleep(0.002)
        lasts = time.monotonic() - begun
        assert whole_run.wait(LONGEST) == 0
        whole, kills, wrong = (folder / "whole.mp4").read_bytes(), 0, 0
        for number in range(count):
            target = folder / f"{number}.mp4"
            for _ in range(chance.choice((1, 1, 2))):
                kills += killed(source, target, part=chance.uniform(0.0, 1.0), lasts=lasts)
            pieces = len(list(folder.glob(".relume-*.pieces/0*.json")))
            if start(source, target).wait(LONGEST) or target.read_bytes() != whole:
                wrong += 1
                print(f"run {number}: another result")
            if left := [path.name for path in folder.glob(".relume-*")]:
                wrong += 1
                print(f"run {number}: left behind {left}")
            print(f"run {number}: went on after {pieces} pieces", flush=True)
            target.unlink()
        print(f"{count} runs, {kills} kills, {wrong} faults")
    return wrong


if __name__ == "__main__":
    numbers = [int(text) for text in sys.argv[1:]]
    sys.exit(bool(main(*(*numbers, *(10, 0)[len(numbers) :]))))
