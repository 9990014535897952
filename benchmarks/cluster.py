"""What a cluster on this machine costs beside threads, as ratios measured in one run.

Usage: python benchmarks/cluster.py [--pictures 1000] [--workers 2]

Both ways enhance the same pictures of 600×400 with `auto`, as the command does it; the fixed start
of each is what it takes for two pictures. Needs the extra `scale`.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

import numpy as np

from relume.io import encode
from relume.photo import Photo

DIFFERENT = 20


def make(folder: Path, count: int) -> None:
    """Write dim noisy scenes, and links to them."""
    folder.mkdir()
    draw = np.random.default_rng(7)
    y, x = np.mgrid[:400, :600].astype(np.float32)
    for index in range(min(count, DIFFERENT)):
        light = 0.04 + 0.08 * x / 600 + 0.02 * np.sin(y / (10 + index))
        noise = draw.standard_normal((400, 600, 3)).astype(np.float32) * 0.008
        pixels = np.clip(light[..., None] * np.array([1.0, 0.85, 0.7], np.float32) + noise, 0, 1)
        data = encode(Photo(np.rint(pixels * 255).astype(np.uint8)), format="jpeg")
        (folder / f"{index:05}.jpg").write_bytes(data)
    for index in range(DIFFERENT, count):
        os.link(folder / f"{index % DIFFERENT:05}.jpg", folder / f"{index:05}.jpg")


def seconds(source: Path, target: Path, *options: str) -> float:
    """Return how long the command takes."""
    command = [sys.executable, "-m", "relume.cli", "enhance", str(source), "-o", str(target), "-q"]
    start = perf_counter()
    subprocess.run([*command, *options], check=True)
    return perf_counter() - start


def main() -> None:
    """Print seconds and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=int, default=1000)
    parser.add_argument("--workers", type=int, default=2)
    said = parser.parse_args()
    ways = {"threads": (), "ray": ("--on", "ray")}
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        make(root / "two", 2)
        make(root / "all", said.pictures)
        took: dict[tuple[str, str], float] = {}
        for what in ("two", "all"):
            for way, options in ways.items():
                target = root / f"{what}-{way}"
                workers = ("-j", str(said.workers))
                took[way, what] = seconds(root / what, target, *workers, *options)
                print(f"{way:<8}{what:<4}{took[way, what]:7.1f} s", flush=True)
        for path in sorted((root / "all-ray").glob("*.jpg")):
            assert path.read_bytes() == (root / "all-threads" / path.name).read_bytes(), path.name
    start = took["ray", "two"]
    ratio = (took["ray", "all"] - start) / (took["threads", "all"] - took["threads", "two"])
    print(f"{said.pictures} pictures: {ratio:.2f} times threads beyond a start of {start:.1f} s")


if __name__ == "__main__":
    main()
