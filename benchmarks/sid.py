"""A RAW method on SID's Sony test set, under both protocols of amplification.

Usage: python benchmarks/sid.py FOLDER [--model FILE.onnx] [--first] [--limit N] [--json FILE]

FOLDER holds Sony/short and Sony/long. `--first` reads only the first of each burst. The table has
lines with and without the three scenes whose long exposures are misaligned.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path

from relume.bench import sid
from relume.runtime import load


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--model", default="llpacknet")
    parser.add_argument("--first", action="store_true")
    parser.add_argument("--limit", type=int)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()

    pairs = sid.test_pairs(options.folder)
    if options.first:
        pairs = tuple(pair for pair in pairs if "_00_" in pair.low.name)
    rows: list[sid.Measured] = []
    for row in sid.measure(pairs[: options.limit], load(options.model)):
        rows.append(row)
        print(f"{row.key:32} {row.protocol:10} {row.psnr:6.2f} dB  {row.ssim:.4f}")
    print("\n| amplification | pictures | n | PSNR, dB | SSIM |\n|---|---|---|---|---|")
    for mean in sid.summarise(rows):
        print(
            f"| {mean.protocol} | {mean.what} | {mean.count} | {mean.psnr:.3f} | {mean.ssim:.4f} |"
        )
    if options.json:
        options.json.write_text(json.dumps([asdict(row) for row in rows], indent=1) + "\n")


if __name__ == "__main__":
    main()
