"""Damaged videos: each is enhanced, refused in one line, or an error of ours.

    python tests/unit/video/mutated.py [COUNT] [SEED]

A worker process takes them one after the other, so that a crash inside a library ends the worker
and not the count; it is told with its seed, and no file is kept.
"""

from __future__ import annotations

import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import clips

from relume.errors import RelumeError
from relume.runtime.method import load
from relume.video.choice import Chosen
from relume.video.enhance import Options, VideoRun

LONGEST = 60.0
"""Seconds for one video of twelve frames; more is a hang."""


def bases(folder: Path) -> list[Path]:
    """Write the videos that are damaged."""
    shown = clips.moving(clips.scene(48, 64))
    made = []
    for name, more in {
        "a.mp4": {"sound": True},
        "b.mkv": {"sound": True},
        "c.ts": {"sound": True},
        "d.mov": {"codec": "libx265", "pixels": "yuv420p10le"},
        "e.mp4": {"container": {"movflags": "frag_keyframe+empty_moov"}},
        "f.avi": {"codec": "mpeg4"},
    }.items():
        made.append(clips.write(folder / name, shown, times=range(12), **more))
    return made


def damage(data: bytes, seed: int) -> bytes:
    """Change some bytes, cut, double, or leave out a part."""
    chance = random.Random(seed)
    changed = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 8, 40))):
        at = chance.randrange(len(changed))
        kind = chance.random()
        length = chance.choice((1, 4, 64, 1024))
        if kind < 0.6:
            changed[at] = chance.randrange(256)
        elif kind < 0.7:
            del changed[at:]
        elif kind < 0.8:
            del changed[at : at + length]
        elif kind < 0.9:
            changed[at:at] = changed[at : at + length]
        else:
            changed[at : at + length] = bytes(len(changed[at : at + length]))
        if not changed:
            return b"\0"
    return bytes(changed)


def attempt(path: Path, folder: Path) -> str:
    """Enhance one damaged video and return what is wrong with how that went, or nothing."""
    target = folder / f"result{'.mkv' if path.suffix == '.avi' else '.mp4'}"
    method = load("gamma")
    options = Options(preset="ultrafast", codec="h264", threads=1)
    wrong = ""
    start = time.monotonic()
    try:
        VideoRun(path, target, lambda _: Chosen(method, {}, 1.0), options)()
        if not clips.times(target):
            wrong = "a result without frames"
    except RelumeError as error:
        if "\n" in str(error):
            wrong = f"more than one line: {error}"
        if target.exists():
            wrong = f"a result in spite of: {error}"
    except Exception as error:
        wrong = f"{type(error).__name__}: {error}"
    if time.monotonic() - start > LONGEST:
        wrong = f"took {time.monotonic() - start:.0f} s"
    target.unlink(missing_ok=True)
    left = [each.name for each in folder.iterdir() if each.name != path.name]
    return wrong or (f"left behind: {left}" if left else "")


def work(first: int, last: int, folder: Path) -> None:
    """Try the seeds, telling each before and after."""
    sources = bases(folder)
    data = [source.read_bytes() for source in sources]
    place = folder / "try"
    place.mkdir()
    for seed in range(first, last):
        kind = seed % len(sources)
        path = place / f"damaged{sources[kind].suffix}"
        path.write_bytes(damage(data[kind], seed))
        print("begin", seed, flush=True)
        wrong = attempt(path, place)
        print("end", seed, wrong, flush=True)
        path.unlink()


def run(count: int, seed: int) -> list[str]:
    """Try `count` damaged videos and return what went wrong."""
    faults: list[str] = []
    following, last = seed, seed + count
    while following < last:
        with tempfile.TemporaryDirectory() as folder:
            worker = subprocess.run(
                [sys.executable, __file__, "work", str(following), str(last), folder],
                capture_output=True,
                text=True,
                timeout=LONGEST * 3 + 5.0 * (last - following),
                check=False,
            )
        begun = following - 1
        for line in worker.stdout.splitlines():
            word, number, *wrong = line.split(" ", 2)
            begun = int(number)
            if word == "end" and wrong and wrong[0].strip():
                faults.append(f"seed {number}: {wrong[0].strip()}")
        if worker.returncode == 0:
            break
        faults.append(
            f"seed {begun}: the worker ended with {worker.returncode}: "
            f"{worker.stderr.strip()[-300:]}"
        )
        following = max(begun + 1, following + 1)
    return faults


if __name__ == "__main__":
    if sys.argv[1:2] == ["work"]:
        work(int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]))
    else:
        numbers = [int(text) for text in sys.argv[1:]]
        count, seed = (*numbers, *(2000, 0)[len(numbers) :])
        found = run(count, seed)
        print("\n".join(found) or "nothing wrong")
        sys.exit(bool(found))
