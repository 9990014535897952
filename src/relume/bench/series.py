"""How much the light of a series flickers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from relume import render
from relume.errors import ContractError, NoDatasetError
from relume.io import SUFFIXES, read
from relume.runs.evenness import SIDES, Glimpse, glimpse, scenes, variation
from relume.runs.series import captured


@dataclass(frozen=True)
class Flicker:
    """Variation of mean log2 luma from picture to picture, in stops, without its slow changes."""

    pictures: int
    stops: float


def flicker(folders: Sequence[Path]) -> tuple[list[Flicker], int]:
    """Measure folders of one series each, and return how many cuts were left out.

    Pictures are in capture order, by name where no time is stated. The cuts are those of the last
    folder. Raises: NoDatasetError; ContractError for folders of different counts.
    """
    series = [_glimpses(folder) for folder in folders]
    if len({len(each) for each in series}) > 1:
        pairs = zip(folders, series, strict=True)
        counts = ", ".join(f"{folder} has {len(each)}" for folder, each in pairs)
        raise ContractError(f"before and after, a series has as many pictures: {counts}")
    cuts = [first for first, _ in scenes(series[-1])][1:]
    found = [Flicker(len(each), variation([one.mean for one in each], cuts)) for each in series]
    return found, len(cuts)


def _glimpses(folder: Path) -> list[Glimpse]:
    if not folder.is_dir():
        raise NoDatasetError(f"{folder}: a series is a folder of pictures")
    names = sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES)
    if len(names) < 3:
        raise NoDatasetError(
            f"{folder}: a series needs three pictures or more, here are {len(names)}"
        )
    found = [_glimpse(path) for path in names]
    if all(one.seconds is not None for one in found):
        found.sort(key=lambda one: one.seconds or 0.0)  # stable: by name within a second
    return found


def _glimpse(path: Path) -> Glimpse:
    photo = read(path)
    height, width = (min(side, most) for side, most in zip(photo.pixels.shape, SIDES, strict=False))
    small = render.reduce(photo.pixels, height=height, width=width)
    return glimpse(small, seconds=captured(photo))
