"""One build beside another: start-up, a cold `relume enhance`, `doctor`, a call, all in pairs.

    python benchmarks/beside.py BEFORE AFTER [--pairs 10] [--photo JPEG]
        [--only help,import,small,cold,doctor,call]

BEFORE and AFTER are Python interpreters, each with one build of relume (`.venv/bin/python` of two
checkouts). Both are run in turn, the one that begins changes from pair to pair; what counts is the
ratio of medians within one run, since times drift with the machine.

Ten pairs on two cores, the build before runtime was parted into rooms (41a38ad) and the one after:

| --help | import | cold, 12 MP | call, 12 MP |
|--------|--------|-------------|-------------|
| 0.68   | 1.02   | 0.73        | 0.41        |

Ten pairs, the build before `relume` saw without an engine and classes were frozen without being
compiled (b5d3f48) and the one after (f2c3d5f); a small picture took 0.34 and 0.19 s:

| --help | cold, 640 × 480 | cold, 12 MP | doctor | call, 12 MP |
|--------|-----------------|-------------|--------|-------------|
| 1.00   | 0.56            | 0.81        | 0.76   | 1.00        |
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import IO

import numpy as np
from enhance import HEIGHT, WIDTH, scene
from PIL import Image

SERVED = """
import sys, time
import numpy as np
from PIL import Image
import relume
picture = np.ascontiguousarray(Image.open(sys.argv[1]).convert("RGB"))
method = relume.load("relume")
method(picture)
for _ in sys.stdin:
    start = time.perf_counter()
    method(picture)
    print(time.perf_counter() - start, flush=True)
"""
"""Calls the method once for each line it reads: the model is opened once, as in a program."""

INSTALLED = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
"""What is installed has its bytecode beside it; the first run, which is not measured, writes it."""


@dataclass
class Build:
    """An installation, and how to have it work."""

    python: str
    photo: Path
    out: Path
    server: subprocess.Popen[str] | None = field(default=None, init=False)

    def help(self) -> float:
        """Return the seconds of `relume --help`."""
        return self._taken("-m", "relume.cli", "--help")

    def load(self) -> float:
        """Return the seconds of an interpreter that imports relume."""
        return self._taken("-c", "import relume")

    def cold(self) -> float:
        """Return the seconds of a whole `relume enhance`."""
        return self._enhanced(self.photo)

    def small(self) -> float:
        """Return the seconds of a whole `relume enhance` of a small picture."""
        return self._enhanced(self.out.with_name("small.jpg"))

    def doctor(self) -> float:
        """Return the seconds of a whole `relume doctor`."""
        return self._taken("-m", "relume.cli", "doctor")

    def _enhanced(self, photo: Path) -> float:
        given = ("enhance", str(photo), "-o", str(self.out), "--overwrite")
        return self._taken("-m", "relume.cli", *given)

    def call(self) -> float:
        """Return the seconds of `relume` on the picture, in a process that has it open."""
        if self.server is None:
            self.server = subprocess.Popen(
                [self.python, "-c", SERVED, str(self.photo)],
                env=INSTALLED,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        asked, told = _open(self.server.stdin), _open(self.server.stdout)
        asked.write("\n")
        asked.flush()
        return float(told.readline())

    def stop(self) -> None:
        """End the process that has the method open."""
        if self.server is not None:
            self.server.communicate()

    def _taken(self, *arguments: str) -> float:
        start = time.perf_counter()
        subprocess.run(
            [self.python, *arguments], check=True, stdout=subprocess.DEVNULL, env=INSTALLED
        )
        return time.perf_counter() - start


WORKS: dict[str, Callable[[Build], float]] = {
    "help": Build.help,
    "import": Build.load,
    "small": Build.small,
    "cold": Build.cold,
    "doctor": Build.doctor,
    "call": Build.call,
}


def _open(stream: IO[str] | None) -> IO[str]:
    assert stream is not None  # it was asked for
    return stream


def pairs(work: Callable[[Build], float], builds: tuple[Build, Build], count: int) -> np.ndarray:
    """Return the seconds of each, (count, 2), after one unmeasured run of each."""
    for build in builds:
        work(build)
    taken = np.empty((count, 2))
    for pair in range(count):
        for which in (0, 1) if pair % 2 == 0 else (1, 0):
            taken[pair, which] = work(builds[which])
    return taken


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("before")
    parser.add_argument("after")
    parser.add_argument("--pairs", type=int, default=10)
    parser.add_argument("--only", default=",".join(WORKS))
    parser.add_argument("--photo", type=Path, help="a JPEG; a generated one of 12 MP unless named")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        photo: Path = options.photo or Path(name, "dark.jpg")
        if options.photo is None:
            Image.fromarray(scene(HEIGHT, WIDTH)).save(photo, quality=92)
        Image.fromarray(scene(480, 640)).save(Path(name, "small.jpg"), quality=92)
        builds = tuple(
            Build(python, photo, Path(name, f"{which}.jpg"))
            for which, python in (("before", options.before), ("after", options.after))
        )
        print("| what | before, s | after, s | after / before | of pairs, middle half |")
        print("|---|---|---|---|---|")
        for what in options.only.split(","):
            taken = pairs(WORKS[what], (builds[0], builds[1]), options.pairs)
            ratios = taken[:, 1] / taken[:, 0]
            first, last = np.quantile(ratios, (0.25, 0.75))
            before, after = (median(taken[:, which]) for which in (0, 1))
            print(
                f"| {what} | {before:.4f} | {after:.4f} | {after / before:.3f} | "
                f"{first:.3f} to {last:.3f} |",
                flush=True,
            )
        for build in builds:
            build.stop()


if __name__ == "__main__":
    sys.exit(main())
