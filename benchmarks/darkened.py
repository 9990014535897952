"""PSNR and SSIM of methods on held-out photos that were darkened by a known number of stops.

    python benchmarks/darkened.py PHOTOS [-o DIR] [--count 100] [--methods relume,sgz,…]

The photos are the first ones by the hash of their names: those that `data.holdout` of the recipes
keeps from learning. Each is darkened in linear light by 0, 0.5, 1, 2, 3, 4 and 5 stops, with a
slightly uneven and tinted light, shot and read noise, another tone curve and black level, 8 bits
and, for half of them, JPEG (relume.data.darkening.physical); at 0 stops it is the photo itself.
The photo is the reference. The pairs stay in DIR/STOPS/low and high, for `relume bench` as well;
what the records in DIR hold already is not measured again. Means with their intervals go to
records/darkened.json.
"""

from __future__ import annotations

import argparse
import json
from hashlib import sha256
from math import isfinite
from pathlib import Path
from typing import TypeAlias

import numpy as np
from progress import counter

from relume import Photo, methods, read, write
from relume.arrays import Picture
from relume.bench.rows import method_rows
from relume.bench.scoring import scorers
from relume.bench.sets import picture_set
from relume.bench.suite import Suite
from relume.bench.table import Line, Table
from relume.bench.thumbnails import Thumbnails
from relume.data.darkening.physical import Darkening

HERE = Path(__file__).parent
SUMMARY = HERE / "records/darkened.json"
Summary: TypeAlias = dict[str, dict[str, dict[str, list[float | None]]]]
STOPS = (0.0, 0.5, 1.0, 2.0, 3.0, 4.0, 5.0)
SHOWN = (("psnr", 2), ("ssim", 3))
SLOW = frozenset({"hvr"})
"""Half a minute a picture: only when named."""


def held_out(folder: Path, *, count: int) -> list[Path]:
    """Return the photos that training leaves out, by the hash of their names."""
    photos = [path for path in sorted(folder.iterdir()) if path.suffix.lower() in (".jpg", ".png")]
    return sorted(photos, key=lambda path: sha256(path.stem.encode()).digest())[:count]


def darkened(photo: Picture, *, stops: float, seed: int) -> Picture:
    """Return a photo with so many stops of light missing; the seed decides the rest."""
    if not stops:
        return photo
    model = Darkening(stops=(stops, stops), unevenness=0.5, beyond_white=0.0, cast=0.04)
    random = np.random.default_rng((seed, round(10 * stops)))
    dark = model(photo.astype(np.float32) / np.float32(255), random=random)
    return np.rint(dark * 255).astype(np.uint8)


def store(files: list[Path], folder: Path) -> list[Path]:
    """Write the pairs that are not there yet as FOLDER/STOPS/low and high; return FOLDER/STOPS."""
    places = [folder / f"{stops:g}" for stops in STOPS]
    for number, path in enumerate(files):
        name = f"{path.stem}.png"
        if all((place / side / name).exists() for place in places for side in ("low", "high")):
            continue
        photo = read(path).pixels
        if photo.ndim == 2:
            photo = np.repeat(photo[..., None], 3, axis=2)
        for stops, place in zip(STOPS, places, strict=True):
            pair = {"low": darkened(photo, stops=stops, seed=number), "high": photo}
            for side, pixels in pair.items():
                (place / side).mkdir(parents=True, exist_ok=True)
                write(Photo(pixels), place / side / name)
    return places


def summary(tables: list[Table]) -> Summary:
    """Return row → stops → metric → mean and the ends of its interval."""
    found: Summary = {}
    for table in tables:
        for line in table.lines:
            found.setdefault(line.name, {})[table.dataset] = {
                column.label.metric: _ends(line, column.name) for column in table.columns
            }
    return found


def _ends(line: Line, column: str) -> list[float | None]:
    """Return mean and interval, None where a photo that equals its reference makes it infinite."""
    cell = line.cells[column]
    ends = (cell.mean, cell.low, cell.high)
    return [round(value, 4) if isfinite(value) else None for value in ends]


def markdown(found: Summary) -> str:
    """Return mean PSNR and SSIM by row and stops; ∞ where a photo came out as it was."""
    lines = ["| method | " + " | ".join(f"{stops:g} stops" for stops in STOPS) + " |"]
    lines.append("|---" * (len(STOPS) + 1) + "|")
    for name, by_stops in found.items():
        cells = [
            " / ".join(_text(by_stops[f"{stops:g}"][metric][0], digits) for metric, digits in SHOWN)
            for stops in STOPS
        ]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _text(value: float | None, digits: int) -> str:
    return "∞" if value is None else f"{value:.{digits}f}"


def main() -> None:
    """Measure, print a table, and write the summary."""
    own = [card.name for card in methods.cards() if card.input == "srgb" and card.name not in SLOW]
    parser = argparse.ArgumentParser(description="Measure methods on darkened photos.")
    parser.add_argument("photos", type=Path)
    parser.add_argument("-o", "--output", type=Path, default=HERE.parent / "out/darkened")
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--methods", default=",".join(own))
    chosen = parser.parse_args()
    places = store(held_out(chosen.photos, count=chosen.count), chosen.output)
    suite = Suite(
        [picture_set(str(place), data=None, limit=chosen.count) for place in places],
        method_rows(chosen.methods),
        scorers("psnr,ssim"),
        chosen.output / "records.jsonl",
        Thumbnails(chosen.output / "thumbnails"),
    )
    found = summary(suite.measure(counter(suite.size, every=100)))
    print(f"{chosen.count} photos; PSNR in dB / SSIM of rgb, gauss11, 8 bits\n")
    print(markdown(found))
    rows = ",\n".join(f"{json.dumps(row)}: {json.dumps(values)}" for row, values in found.items())
    SUMMARY.write_text(f'{{"photos": {chosen.count}, "rows": {{\n{rows}\n}}}}\n', encoding="utf-8")


if __name__ == "__main__":
    main()
