"""What a picture's own colours cost: one scene as a 16-bit TIFF in ProPhoto RGB and in
sRGB, and what reading a profile takes. Alternating runs, medians, processor and wall time of the
whole way.

Usage: python benchmarks/colour.py [--method relume] [--megapixels 12] [--runs 5]
"""

from __future__ import annotations

import argparse
from math import sqrt
from statistics import median
from time import perf_counter, process_time

import numpy as np

from relume.colour_statement import ASSUMED, Colour, known
from relume.colour_statement.curves import SRGB, Parametric
from relume.colour_statement.icc import of_profile
from relume.colour_statement.icc_writer import profile
from relume.io import encode, read
from relume.photo import Photo
from relume.runtime import Enhancer

PROPHOTO = Colour(known.PROPHOTO, known.named_transfer((Parametric(1.8),)), "benchmark")


def picture(megapixels: float) -> np.ndarray:
    """Return a dark picture of patches and noise, (H, W, 3) uint16."""
    height = int(sqrt(megapixels * 1e6 * 3 / 4))
    random = np.random.default_rng(0)
    patches = random.random((height // 10 + 1, height * 4 // 30 + 1, 3)).repeat(10, 0).repeat(10, 1)
    pixels = patches[:height, : height * 4 // 3] * 0.3 * 65535
    return (pixels + random.integers(0, 200, pixels.shape)).astype(np.uint16)


def in_prophoto(pixels: np.ndarray) -> np.ndarray:
    """Return the same scene in the numbers of ProPhoto RGB."""
    matrix = (np.linalg.inv(known.PROPHOTO.to_pcs()) @ known.BT709.to_pcs()).T
    encode = PROPHOTO.transfer.of_channels()[0].encode if PROPHOTO.transfer else None
    assert encode is not None
    stored = np.empty_like(pixels)
    for top in range(0, len(pixels), 64):
        light = SRGB.decode(pixels[top : top + 64] / 65535) @ matrix
        stored[top : top + 64] = np.rint(encode(np.clip(light, 0.0, 1.0)) * 65535)
    return stored


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--method", default="relume")
    parser.add_argument("--megapixels", type=float, default=12.0)
    parser.add_argument("--runs", type=int, default=5)
    wanted = parser.parse_args()
    pixels = picture(wanted.megapixels)
    files = {
        "sRGB": encode(Photo(pixels, icc=profile(ASSUMED)), format="tiff"),
        "ProPhoto": encode(Photo(in_prophoto(pixels), icc=profile(PROPHOTO)), format="tiff"),
    }
    enhancer = Enhancer(wanted.method)
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in files}
    for run in range(wanted.runs + 1):
        for name, data in files.items():
            start, busy = perf_counter(), process_time()
            encode(enhancer.photo(read(data)).photo, format="tiff")
            if run:  # the first one warms up
                taken[name].append((perf_counter() - start, process_time() - busy))
    for index, kind in enumerate(("wall", "processor")):
        srgb, wide = (median(one[index] for one in taken[name]) for name in files)
        print(f"{kind}: sRGB {srgb:.2f} s, ProPhoto {wide:.2f} s, ratio {wide / srgb:.2f}")
    one = profile(ASSUMED)
    times: list[float] = []
    for number in range(50):
        other = one[:24] + bytes([0, number]) + one[26:]  # another date, so nothing is remembered
        start = perf_counter()
        found = of_profile(other)
        assert found is not None
        assert found.is_srgb
        times.append(perf_counter() - start)
    print(f"reading a profile: {median(times) * 1000:.2f} ms")


if __name__ == "__main__":
    main()
