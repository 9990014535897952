"""Which part of a sensor's frame is shown: the crop a file states, within what LibRaw shows.

Source: DNG 1.7 (2023), chapter 4: ActiveArea, DefaultCropOrigin, DefaultCropSize.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from relume.io.raw.dng_tags import Stated

LEAST = 0.5
"""Share of a side: makers' files state smaller crops for other purposes, as for focus."""


@dataclass(frozen=True)
class Shown:
    """A rectangle of the visible area, in its rows and columns."""

    top: int
    left: int
    height: int
    width: int

    @property
    def slices(self) -> tuple[slice, slice]:
        rows = slice(self.top, self.top + self.height)
        return rows, slice(self.left, self.left + self.width)

    def within(self, sizes: Any) -> tuple[int, int, int, int] | None:
        """Return top, left, height and width; None where it is all of the visible area."""
        whole = (self.height, self.width) == (sizes.height, sizes.width)
        return None if whole else (self.top, self.left, self.height, self.width)


def shown(raw: Any, stated: Stated | None) -> Shown:
    """Return what is to be shown of an opened file of rawpy; all of it where nothing is stated."""
    sizes = raw.sizes
    whole = Shown(0, 0, sizes.height, sizes.width)
    if stated is not None:
        crop = stated.crop
    else:
        crop = (
            sizes.crop_top_margin, sizes.crop_left_margin, sizes.crop_height, sizes.crop_width
        )  # fmt: skip
        if crop[2] < LEAST * sizes.height or crop[3] < LEAST * sizes.width:
            return whole
    if crop is None:
        return whole
    top, left, height, width = crop
    first_row, first_column = top - sizes.top_margin, left - sizes.left_margin
    rows = range(max(first_row, 0), min(first_row + height, sizes.height))
    columns = range(max(first_column, 0), min(first_column + width, sizes.width))
    if len(rows) < 2 or len(columns) < 2:
        return whole
    return Shown(rows.start, columns.start, len(rows), len(columns))
