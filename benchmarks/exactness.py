"""How far the reduced computation of each method lies from the one at full size.

Usage: python benchmarks/exactness.py FOLDER... [--methods a,b]

For every method with a knob `exact`: the mean absolute difference of the two results in percent of
the range (mean over pictures, and the worst picture) and the lowest SSIM between them.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

import relume
from relume import methods
from relume.metrics.ssim import ssim
from relume.runtime import load


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--methods")
    arguments = parser.parse_args()
    able = [
        card.name for card in methods.cards() if any(knob.name == "exact" for knob in card.knobs)
    ]
    names = arguments.methods.split(",") if arguments.methods else able
    print("| set | method | pictures | mean, % | worst, % | lowest SSIM |")
    print("|---|---|--:|--:|--:|--:|")
    for folder in arguments.folders:
        pictures = [relume.read(path).pixels for path in sorted(folder.iterdir())]
        for name in names:
            method = load(name)
            differences, similarities = [], []
            for picture in pictures:
                reduced, exact = method(picture), method(picture, exact=1)
                differences.append(np.abs(reduced.astype(float) - exact).mean() / 2.55)
                similarities.append(ssim(reduced, exact, data_range=255))
            print(
                f"| {folder.name} | {name} | {len(pictures)} | {np.mean(differences):.2f} "
                f"| {np.max(differences):.2f} | {np.min(similarities):.3f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
