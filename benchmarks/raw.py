"""Time and memory of developing camera RAW into a 16-bit TIFF, as ratios to rawpy and tifffile
alone in one run.

python benchmarks/raw.py            a generated Bayer DNG of 2848 × 4256
python benchmarks/raw.py FILE       a file of your own
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import numpy as np

from relume.io.raw import dng
from relume.photo import Mosaic

ROUNDS = 5

ALONE = """
import rawpy, tifffile
def work(source, target):
    with rawpy.imread(source) as raw:
        picture = raw.postprocess(use_camera_wb=True, no_auto_bright=True, output_bps=16)
    tifffile.imwrite(target, picture)
"""
OURS = """
from relume.io import read, write
def work(source, target):
    write(read(source), target)
"""
MEASURE = """
import resource, sys, time
source, target = sys.argv[1:]
start = time.perf_counter()
work(source, target)
seconds = time.perf_counter() - start
print(seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


def generated(height: int, width: int) -> bytes:
    """A dark scene with the noise of a sensor, as a DNG."""
    random = np.random.default_rng(0)
    down, across = np.mgrid[0:height, 0:width] / max(height, width)
    light = 300 + 3000 * down * across + random.normal(0, 30, (height, width))
    samples = np.clip(512 + light, 0, 16383).astype(np.uint16)
    return dng.of_mosaic(Mosaic(samples, "RGGB", (512,) * 4, 16383, (2.0, 1.0, 1.6)))


def measured(code: str, source: Path, target: Path) -> tuple[float, float]:
    """Return seconds and MiB at the peak of one run in a process of its own."""
    ended = subprocess.run(
        [sys.executable, "-c", code + MEASURE, str(source), str(target)],
        check=True,
        capture_output=True,
        text=True,
    )
    seconds, mebibytes = map(float, ended.stdout.split())
    return seconds, mebibytes


def main() -> None:
    with TemporaryDirectory() as folder:
        source = Path(folder, "night.dng")
        if len(sys.argv) > 1:
            source = Path(sys.argv[1])
        else:
            source.write_bytes(generated(2848, 4256))
        rounds = [
            [measured(code, source, Path(folder, "out.tif")) for code in (ALONE, OURS)]
            for _ in range(ROUNDS)
        ]
    for what, index in (("seconds", 0), ("MiB", 1)):
        alone, ours = (median(each[side][index] for each in rounds) for side in (0, 1))
        print(
            f"{what}: rawpy and tifffile {alone:.2f}, relume {ours:.2f}, ratio {ours / alone:.2f}"
        )
    print(time.strftime("%Y-%m-%d"), source.name)


if __name__ == "__main__":
    main()
