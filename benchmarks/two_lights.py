"""PSNR and SSIM of methods on held-out photos under two lights: one part dark, the rest right.

    python benchmarks/two_lights.py PHOTOS [-o DIR] [--methods relume,fusion,…]

The photos are the last 60 of the 100 that training leaves out (see darkened.py). What is alike in
brightness, colour and place lacks 2 to 4 stops of light, the rest none, with borders where the
photo has edges (relume.data.uneven_light.shade): somebody before a window, a room with a lamp.
Tint, noise, tone curve, 8 bits and JPEG as in darkened.py. The photo is the reference. The pairs
stay in DIR/pairs/low and high; means with their intervals go to records/two_lights.json.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from darkened import HERE, SHOWN, held_out, summary
from progress import counter

from relume import Photo, read, write
from relume.arrays import Picture
from relume.bench.rows import method_rows
from relume.bench.scoring import scorers
from relume.bench.sets import picture_set
from relume.bench.suite import Suite
from relume.bench.thumbnails import Thumbnails
from relume.data.darkening.physical import Darkening

SUMMARY = HERE / "records/two_lights.json"
METHODS = "relume,identity,exposure,fusion,lime,clahe,sgz,pairlie,illrecnet"
KEPT, CHOSEN = 60, 100
STOPS = (2.0, 4.0)


def partly_dark(photo: Picture, *, seed: int) -> Picture:
    """Return a photo of which a part lacks light; the seed decides which, and how much."""
    random = np.random.default_rng((seed, 2))
    stops = random.uniform(*STOPS)
    model = Darkening(
        stops=(stops, stops), unevenness=0.0, beyond_white=0.0, cast=0.04, shade=1.0, lit=1.0
    )
    dark = model(photo.astype(np.float32) / np.float32(255), random=random)
    return np.rint(dark * 255).astype(np.uint8)


def store(files: list[Path], folder: Path) -> Path:
    """Write the pairs that are not there yet as FOLDER/pairs/low and high; return FOLDER/pairs."""
    place = folder / "pairs"
    for number, path in enumerate(files):
        names = [place / side / f"{path.stem}.png" for side in ("low", "high")]
        if all(name.exists() for name in names):
            continue
        photo = read(path).pixels
        if photo.ndim == 2:
            photo = np.repeat(photo[..., None], 3, axis=2)
        for name, pixels in zip(names, (partly_dark(photo, seed=number), photo), strict=True):
            name.parent.mkdir(parents=True, exist_ok=True)
            write(Photo(pixels), name)
    return place


def main() -> None:
    """Measure, print a table, and write the summary."""
    parser = argparse.ArgumentParser(description="Measure methods on photos under two lights.")
    parser.add_argument("photos", type=Path)
    parser.add_argument("-o", "--output", type=Path, default=HERE.parent / "out/two_lights")
    parser.add_argument("--methods", default=METHODS)
    chosen = parser.parse_args()
    files = held_out(chosen.photos, count=CHOSEN)[-KEPT:]
    suite = Suite(
        [picture_set(str(store(files, chosen.output)), data=None, limit=KEPT)],
        method_rows(chosen.methods),
        scorers("psnr,ssim"),
        chosen.output / "records.jsonl",
        Thumbnails(chosen.output / "thumbnails"),
    )
    found = summary(suite.measure(counter(suite.size, every=100)))
    print(f"{len(files)} photos; PSNR in dB / SSIM of rgb, gauss11, 8 bits\n")
    print("| method | two lights |\n|---|---|")
    rows = {name: means for name, by_set in found.items() for means in by_set.values()}
    for name, means in rows.items():
        print(f"| {name} | " + " / ".join(_text(means[key][0], n) for key, n in SHOWN) + " |")
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(means)}" for name, means in rows.items())
    SUMMARY.write_text(f'{{"photos": {len(files)}, "rows": {{\n{lines}\n}}}}\n', encoding="utf-8")


def _text(value: float | None, digits: int) -> str:
    return "∞" if value is None else f"{value:.{digits}f}"


if __name__ == "__main__":
    main()
