"""PSNR, SSIM and seconds of methods on a folder of dark pictures and their references.

    python benchmarks/quality.py LOL/eval15/low LOL/eval15/high [--methods lime …] [--jsonl FILE]

Protocol: 8 bits, RGB, whole pictures, PSNR over all samples and SSIM with the 11 × 11 Gaussian per
channel, each averaged over pictures; seconds are the median per picture. The input itself and a
fixed gamma are rows as well.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from pathlib import Path

import numpy as np

from relume import load, methods, read
from relume.metrics.psnr import psnr
from relume.metrics.ssim import ssim


def classical() -> list[str]:
    """Return the classical methods, the input and the fixed gamma first."""
    names = [card.name for card in methods.cards() if card.kind == "classical"]
    return sorted(names, key=lambda name: (name != "identity", name != "gamma", name))


def pairs(low: Path, high: Path) -> list[tuple[Path, Path]]:
    """Match pictures of the two folders by their names without endings."""
    references = {path.stem: path for path in high.iterdir()}
    found = [(path, references[path.stem]) for path in low.iterdir() if path.stem in references]
    if not found:
        raise SystemExit(f"no picture of {low} has a namesake in {high}")
    return sorted(found)


def measure(names: list[str], files: list[tuple[Path, Path]]) -> list[dict[str, object]]:
    """Return one record per method and picture."""
    records: list[dict[str, object]] = []
    for dark, reference in files:
        low, high = read(dark).pixels, read(reference).pixels
        for name in names:
            method = load(name)
            start = time.perf_counter()
            enhanced = method(low)
            taken = time.perf_counter() - start
            records.append(
                {
                    "method": name,
                    "picture": dark.stem,
                    "psnr": psnr(enhanced, high, data_range=255),
                    "ssim": ssim(enhanced, high, data_range=255, window="gauss11"),
                    "seconds": taken,
                    "mean": float(np.mean(enhanced) / 255),
                }
            )
    return records


def main() -> None:
    """Print a Markdown table; write a line of JSON per method and picture where asked."""
    parser = argparse.ArgumentParser(description="Measure methods on pairs of pictures.")
    parser.add_argument("low", type=Path)
    parser.add_argument("high", type=Path)
    parser.add_argument("--methods", nargs="+", default=classical())
    parser.add_argument("--jsonl", type=Path)
    chosen = parser.parse_args()
    files = pairs(chosen.low, chosen.high)
    records = measure(chosen.methods, files)
    print(f"{len(files)} pictures; psnr and ssim of rgb, gauss11, 8 bits\n")
    print("| method | PSNR dB | SSIM | seconds |\n|---|---:|---:|---:|")
    for name in chosen.methods:
        own = [record for record in records if record["method"] == name]
        mean = {key: statistics.mean(float(r[key]) for r in own) for key in ("psnr", "ssim")}
        taken = statistics.median(float(record["seconds"]) for record in own)
        print(f"| {name} | {mean['psnr']:.2f} | {mean['ssim']:.4f} | {taken:.3f} |")
    if chosen.jsonl:
        lines = (json.dumps(record, sort_keys=True) + "\n" for record in records)
        chosen.jsonl.write_text("".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
