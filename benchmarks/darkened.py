"""PSNR and SSIM of methods on held-out photos that were darkened by a known number of stops.

    python benchmarks/darkened.py PHOTOS [--count 100] [--methods relume sgz …] [--jsonl FILE]
    python benchmarks/darkened.py PHOTOS --write FOLDER

The photos are the first ones by the hash of their names: those that `data.holdout` of the recipes
keeps from learning. Each is darkened in linear light by 0, 0.5, 1, 2, 3, 4 and 5 stops, with a
slightly uneven and tinted light, shot and read noise, another tone curve and black level, 8 bits
and, for half of them, JPEG (relume.data.darkening.physical); at 0 stops it is the photo itself.
The photo is the reference. `--write` stores the pairs as folders low and high for `relume bench`.
Protocol: 8 bits, RGB, whole pictures, SSIM with the 11 × 11 Gaussian, means over photos.
"""

from __future__ import annotations

import argparse
import json
import statistics
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import numpy as np

from relume import load, methods, read, write
from relume.arrays import Picture
from relume.data.darkening.physical import Darkening
from relume.metrics.psnr import psnr
from relume.metrics.ssim import ssim

STOPS = (0.0, 0.5, 1.0, 2.0, 3.0, 4.0, 5.0)

MOST = 60.0
"""dB at which a result counts as the photo itself: an equal picture has no finite PSNR."""


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


def pairs(files: list[Path]) -> Iterator[tuple[Path, float, Picture, Picture]]:
    """Yield every photo at every number of stops: file, stops, dark picture, photo."""
    for number, path in enumerate(files):
        photo = read(path).pixels
        if photo.ndim == 2:
            photo = np.repeat(photo[..., None], 3, axis=2)
        for stops in STOPS:
            yield path, stops, darkened(photo, stops=stops, seed=number), photo


def measure(names: list[str], files: list[Path]) -> list[dict[str, object]]:
    """Return one record per method, photo and number of stops."""
    loaded = {name: load(name) for name in names}
    records: list[dict[str, object]] = []
    for path, stops, low, high in pairs(files):
        for name, method in loaded.items():
            enhanced = method(low)
            records.append(
                {
                    "method": name,
                    "photo": path.stem,
                    "stops": stops,
                    "psnr": min(psnr(enhanced, high, data_range=255), MOST),
                    "ssim": ssim(enhanced, high, data_range=255, window="gauss11"),
                    "mean": float(np.mean(enhanced) / 255),
                }
            )
    return records


def table(records: list[dict[str, object]], names: list[str]) -> str:
    """Return PSNR and SSIM by method and stops as Markdown."""
    lines = ["| method | " + " | ".join(f"{stops:g} stops" for stops in STOPS) + " |"]
    lines.append("|---" * (len(STOPS) + 1) + "|")
    for name in names:
        cells: list[str] = []
        for stops in STOPS:
            own = [each for each in records if each["method"] == name and each["stops"] == stops]
            both = (
                statistics.mean(float(str(each[key])) for each in own) for key in ("psnr", "ssim")
            )
            cells.append("{:.2f} / {:.3f}".format(*both))
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def store(files: list[Path], folder: Path) -> None:
    """Write the pairs as FOLDER/STOPS/low and high."""
    for path, stops, low, high in pairs(files):
        for side, pixels in (("low", low), ("high", high)):
            place = folder / f"{stops:g}" / side
            place.mkdir(parents=True, exist_ok=True)
            write(read(path).with_pixels(pixels), place / f"{path.stem}.png")


def main() -> None:
    """Print a table; write a line of JSON per method, photo and number of stops where asked."""
    own = [card.name for card in methods.cards() if card.input == "srgb"]
    parser = argparse.ArgumentParser(description="Measure methods on darkened photos.")
    parser.add_argument("photos", type=Path)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--methods", nargs="+", default=own)
    parser.add_argument("--jsonl", type=Path)
    parser.add_argument("--write", type=Path)
    chosen = parser.parse_args()
    files = held_out(chosen.photos, count=chosen.count)
    if chosen.write:
        store(files, chosen.write)
        return
    records = measure(chosen.methods, files)
    print(f"{len(files)} photos; PSNR in dB / SSIM of rgb, gauss11, 8 bits\n")
    print(table(records, chosen.methods))
    if chosen.jsonl:
        lines = (json.dumps(record, sort_keys=True) + "\n" for record in records)
        chosen.jsonl.write_text("".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
