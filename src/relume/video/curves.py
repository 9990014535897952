"""What a look makes of gray, place by place: measured by painting a chart, read at any luma."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from relume.render.placement import Taps, taps
from relume.video.small import Plane

SIDE = 8
LEVELS = SIDE * SIDE
"""Grays of a cell of the chart, at (i / (LEVELS − 1))²: close where curves are steep."""
CELLS = 24
"""Of the chart, along each side; a look's maps have about twice as many."""


def chart() -> NDArray[np.float32]:
    """Return (CELLS · SIDE, CELLS · SIDE, 3): the grays of each cell, row by row."""
    grays = np.square(np.arange(LEVELS, dtype=np.float32) / (LEVELS - 1)).reshape(SIDE, SIDE)
    return np.ascontiguousarray(np.repeat(np.tile(grays, (CELLS, CELLS))[..., None], 3, axis=2))


def placed(height: int, width: int) -> tuple[Taps, Taps]:
    """Return where rows and columns of a plane lie on the cells, which cover it evenly."""
    rows, columns = (
        taps(size, scale=CELLS / size, offset=0.5 * CELLS / size - 0.5, samples=CELLS)
        for size in (height, width)
    )
    return rows, columns


def between_levels(luma: NDArray[Any]) -> tuple[NDArray[np.int32], Plane]:
    """Return the level before each luma, and how far it is to the next, straight in luma."""
    inside = np.clip(luma, 0, 1).astype(np.float32)
    level = np.minimum((np.sqrt(inside) * np.float32(LEVELS - 1)).astype(np.int32), LEVELS - 2)
    low = np.square(level.astype(np.float32) / (LEVELS - 1))
    high = np.square((level + 1).astype(np.float32) / (LEVELS - 1))
    return level, ((inside - low) / (high - low)).astype(np.float32)


@dataclass(frozen=True, eq=False)
class Curves:
    """The new luma of gray for each place: (CELLS, CELLS, LEVELS)."""

    tables: Plane

    @classmethod
    def of_chart(cls, painted: Plane) -> Curves:
        """Read the luma of a painted chart."""
        cells = painted.reshape(CELLS, SIDE, CELLS, SIDE).transpose(0, 2, 1, 3)
        return cls(np.ascontiguousarray(cells.reshape(CELLS, CELLS, LEVELS), np.float32))

    def at(self, luma: Plane, *, down: int = 0, across: int = 0) -> Plane:
        """Return the new luma of gray of luma (h, w), spread over the whole frame.

        All samples of a block, 2^down × 2^across of them, take the curve of the block's place.
        """
        tall, wide = (
            -(-size // (1 << share)) for size, share in zip(luma.shape, (down, across), strict=True)
        )
        rows, columns = (
            Taps(
                np.repeat(each.index, 1 << share)[:size], np.repeat(each.weight, 1 << share)[:size]
            )
            for each, share, size in zip(
                placed(tall, wide), (down, across), luma.shape, strict=True
            )
        )
        level, part = between_levels(luma)
        flat = self.tables.ravel()

        def read(down: int, right: int) -> Plane:
            row = np.minimum(rows.index + down, CELLS - 1)[:, None]
            column = np.minimum(columns.index + right, CELLS - 1)
            at = (row * CELLS + column) * LEVELS + level
            return np.asarray(flat[at] + part * (flat[at + 1] - flat[at]), np.float32)

        upper, lower = (
            read(down, 0) + columns.weight * (read(down, 1) - read(down, 0)) for down in (0, 1)
        )
        return np.asarray(upper + rows.weight[:, None] * (lower - upper), np.float32)
