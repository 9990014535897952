"""A fixed set of nights on disk, as any camera's files would lie there.

| file          | is                                                                  |
|---------------|---------------------------------------------------------------------|
| low/NAME.dng  | what a sensor counted in the dark                                   |
| high/NAME.png | the truth: the scene with the light it lacks, 8-bit sRGB            |
| nights.json   | NAME → amplification that brings the one to the exposure of the other |
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from relume import io
from relume.colour import XYZ_FROM_SRGB
from relume.data.night_mosaics import Night
from relume.errors import NoDatasetError, UnwritableError
from relume.io.atomic import replacing
from relume.io.raw import dng
from relume.levels import to_rgb
from relume.photo import Photo

MANIFEST = "nights.json"


def write(nights: Iterator[Night], folder: Path) -> int:
    """Write a set into a new folder and return how many nights it has; the manifest comes last.

    Raises: UnwritableError where the folder holds something or cannot be made.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UnwritableError(f"{folder}: holds something already; name a new folder")
    low, high = folder / "low", folder / "high"
    try:
        for part in (low, high):
            part.mkdir(parents=True)
    except OSError as error:
        raise UnwritableError(f"{folder}: cannot be made ({error.strerror})") from error
    facts: dict[str, float] = {}
    for night in nights:
        seen = np.linalg.inv(XYZ_FROM_SRGB @ night.mosaic.matrix).astype(np.float64)
        with replacing(low / f"{night.name}.dng") as file:
            file.write(dng.of_mosaic(night.mosaic, xyz_to_camera=seen))
        truth = np.rint(night.truth * 255).astype(np.uint8)
        io.write(Photo(truth), high / f"{night.name}.png")
        facts[night.name] = night.amplification
    with replacing(folder / MANIFEST) as file:
        file.write(json.dumps(facts, indent=1).encode())
    return len(facts)


def load(folder: Path) -> Iterator[Night]:
    """Read a set; the mosaics need the extra `raw`.

    Raises: NoDatasetError where there is none; UnreadableError; MissingExtraError.
    """
    try:
        facts: dict[str, float] = json.loads((folder / MANIFEST).read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise NoDatasetError(
            f"{folder}: no nights here ({MANIFEST}); `relume nights` makes some"
        ) from error
    for name, amplification in facts.items():
        mosaic = io.read(folder / "low" / f"{name}.dng", want="mosaic").mosaic
        if mosaic is None:
            raise NoDatasetError(f"{folder}: low/{name}.dng holds no mosaic; make the set again")
        truth = to_rgb(io.read(folder / "high" / f"{name}.png").pixels)
        yield Night(name, mosaic, truth, amplification)
