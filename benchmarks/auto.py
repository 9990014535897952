"""What `auto` decides and how it scores, on training pictures only: its constants come from here.

Usage: python benchmarks/auto.py --normal FOLDER [--pairs FOLDER] [--every N]

`--normal` holds well-exposed photographs; each is also darkened evenly by 0.5 to 5 stops and from
one side by 2 to 4 stops, with shot and read noise. `--pairs` holds `low/` and `high/` with equal
names. The table gives plain RGB PSNR in dB (45 stands for "unchanged") and how often each method
was chosen.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np

import relume
from relume.colour import decode_srgb, encode_srgb
from relume.runtime import Enhancer

FULL_WELL = 4000.0
READ_NOISE = 3.0
UNCHANGED = 45.0


def darken(photo: np.ndarray, stops: np.ndarray | float, *, seed: int) -> np.ndarray:
    """Underexpose (H, W, 3) uint8 by `stops`, a number or one per row."""
    random = np.random.default_rng(seed)
    electrons = decode_srgb(photo / 255.0) * FULL_WELL * 2.0 ** -np.asarray(stops)
    counted = random.poisson(electrons) + READ_NOISE * random.standard_normal(electrons.shape)
    return np.rint(encode_srgb(np.clip(counted / FULL_WELL, 0, 1)) * 255).astype(np.uint8)


def psnr(enhanced: np.ndarray, high: np.ndarray) -> float:
    """Plain RGB PSNR in dB, at most UNCHANGED."""
    error = np.mean((enhanced / 255.0 - high / 255.0) ** 2)
    return UNCHANGED if error == 0 else min(UNCHANGED, float(-10 * np.log10(error)))


def normal_sets(folder: Path, every: int) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """Yield (set, low, high) for photographs as they are and darkened."""
    for seed, path in enumerate(sorted(folder.iterdir())[::every]):
        high = relume.read(path).pixels
        if high.ndim == 2:
            continue
        yield "as taken", high, high
        for stops in (0.5, 1, 2, 3, 4, 5):
            yield f"{stops:g} stops under", darken(high, stops, seed=seed), high
        # Bright above, dark below, as a window or the sky over a room.
        shadow = 1 / (1 + np.exp(-12 * (np.linspace(0, 1, len(high)) - 0.45)))
        for stops in (2, 3, 4):
            low = darken(high, shadow[:, None, None] * stops, seed=seed)
            yield f"lower half {stops} stops under", low, high


def pairs(folder: Path, every: int) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """Yield (set, low, high) for a folder of pairs."""
    for path in sorted((folder / "low").iterdir())[::every]:
        yield "pairs", relume.read(path).pixels, relume.read(folder / "high" / path.name).pixels


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--normal", type=Path, required=True)
    parser.add_argument("--pairs", type=Path)
    parser.add_argument("--every", type=int, default=12)
    options = parser.parse_args()
    enhancer = Enhancer()
    scores: dict[str, list[float]] = {}
    chosen: dict[str, Counter[str]] = {}
    sources = [normal_sets(options.normal, options.every)]
    if options.pairs:
        sources.append(pairs(options.pairs, options.every))
    for source in sources:
        for name, low, high in source:
            result = enhancer.photo(relume.Photo(low))
            scores.setdefault(name, []).append(psnr(result.photo.pixels, high))
            chosen.setdefault(name, Counter())[result.method] += 1
    print("| set | pictures | PSNR, dB | chosen |\n|---|---|---|---|")
    for name, values in scores.items():
        counts = ", ".join(f"{method} {count}" for method, count in chosen[name].most_common())
        print(f"| {name} | {len(values)} | {np.mean(values):.2f} | {counts} |")


if __name__ == "__main__":
    main()
