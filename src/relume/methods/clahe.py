"""Contrast-limited adaptive histogram equalisation of the luma.

The picture is cut into tiles × tiles; each gets a transfer function, the cumulative histogram of
its BT.601 luma on 256 levels, clipped at max(1, ⌊clip·area/256⌋) counts whose excess is spread over
all levels; a pixel's new luma is interpolated between the four nearest transfer functions and,
between levels, linearly. Each channel moves by the change of luma, which keeps the chroma. A `clip`
of 0 does not clip. A slope is at most `clip` + 1.

Tiles, clipping and interpolation are OpenCV's, within one level of it on a gray picture of bytes: a
picture whose height or width is no multiple of `tiles` counts as extended by reflection, downwards
and to the right.

Source: Zuiderveld, Contrast Limited Adaptive Histogram Equalization, Graphics Gems IV, 1994,
doi 10.1016/B978-0-12-336156-1.50061-6; Pizer et al. 1987, doi 10.1016/S0734-189X(87)80186-X.

| domain             | range         |
|--------------------|---------------|
| encoded in [0, 1]  | [0, 1]        |
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from relume.arrays import Map, Picture
from relume.card import Card, Knob
from relume.filters.histogram import LEVELS, fold
from relume.render import Grid, Tiles, histogram

CARD = Card(
    name="clahe",
    title="CLAHE",
    summary="Adaptive histogram equalisation with limited contrast; luma only.",
    kind="classical",
    reach=None,
    year=1994,
    paper="https://doi.org/10.1016/B978-0-12-336156-1.50061-6",
    keeps_gray=True,
    cost="one histogram per tile, one pass",
    knobs=(
        Knob("clip", 2.0, low=0.0, high=40.0,
             meaning="how far contrast may be raised, 0 for no limit"),
        Knob("tiles", 8.0, low=1.0, high=64.0, whole=True,
             meaning="number of tiles along each side"),
    ),
)  # fmt: skip

LEAST = 10
"""Pixels along a tile when it would have fewer than 10 × 10: the clip limit is at least one count,
and one count of fewer samples is a visible step, which would turn a small black picture gray."""


def estimate(picture: Picture, *, clip: float, tiles: float) -> Tiles:
    """Return a transfer function of the luma for each tile."""
    count = int(tiles)
    height, width = cell_of(picture.shape[0], picture.shape[1], tiles=count)
    return Tiles(
        transfer_tables(picture, clip=clip, tiles=count),
        Grid(scale=(1.0 / height, 1.0 / width), offset=(-0.5, -0.5)),
    )


def cell_of(height: int, width: int, *, tiles: int) -> tuple[int, int]:
    """Return the height and width of a tile, of the extended picture where it is extended."""
    # As OpenCV does: where one side needs more pixels, the other gets one more per tile as well.
    extra = int(height % tiles != 0 or width % tiles != 0)
    cell = (height // tiles + extra, width // tiles + extra)
    if cell[0] * cell[1] >= LEAST * LEAST:
        return cell
    return max(cell[0], LEAST), max(cell[1], LEAST)


def transfer_tables(picture: Picture, *, clip: float, tiles: int) -> Map:
    """Return each tile's transfer function on 256 levels, (tiles, tiles, 256) in [0, 1]."""
    height, width = cell_of(picture.shape[0], picture.shape[1], tiles=tiles)
    down = _reflected(height * tiles, picture.shape[0])
    across = _reflected(width * tiles, picture.shape[1])
    counts = np.empty((tiles, tiles, LEVELS), np.int64)
    for row in range(tiles):
        rows = down[row * height : (row + 1) * height]
        for column in range(tiles):
            columns = across[column * width : (column + 1) * width]
            counts[row, column] = fold(histogram(_cut(picture, rows, columns), of="luma"))
    if clip > 0.0:
        counts = _clip(counts, limit=max(1, int(clip * height * width / LEVELS)))
    return (counts.cumsum(axis=-1) / (height * width)).astype(np.float32)


def _cut(picture: Picture, rows: NDArray[np.intp], columns: NDArray[np.intp]) -> Picture:
    """Return the pixels of a tile; without its reflected part where it has none, as a view."""
    straight = rows[-1] - rows[0] == rows.size - 1 and columns[-1] - columns[0] == columns.size - 1
    if straight:
        return picture[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return picture[np.ix_(rows, columns)]


def _clip(counts: NDArray[np.int64], *, limit: int) -> NDArray[np.int64]:
    """Cut histograms (…, levels) at `limit` and spread the excess, once, over all levels."""
    kept = np.minimum(counts, limit)
    excess = (counts - kept).sum(axis=-1, keepdims=True)
    share, rest = excess // LEVELS, excess % LEVELS
    # The rest goes one count at a time to every stride-th level from the darkest.
    stride = np.maximum(LEVELS // np.maximum(rest, 1), 1)
    place = np.arange(LEVELS)
    return kept + share + ((place % stride == 0) & (place // stride < rest))


def _reflected(length: int, size: int) -> NDArray[np.intp]:
    """Return the indices 0…length − 1 folded into [0, size) about the first and last pixel."""
    period = max(2 * (size - 1), 1)
    folded = np.arange(length) % period
    return np.minimum(folded, period - folded) if size > 1 else np.zeros(length, np.intp)
