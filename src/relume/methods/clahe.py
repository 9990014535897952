"""Contrast-limited adaptive histogram equalisation of the lightness.

The picture is cut into tiles × tiles; each gets a transfer function, the cumulative histogram of
its L* on 256 levels, clipped at max(1, ⌊clip·area/256⌋) counts whose excess is spread over all
levels; a pixel's new L* is interpolated between the four nearest transfer functions and, between
levels, linearly. a* and b* stay. `clip` = 0 does not clip. Slopes are at most about `clip`.

The tiles, the clipping and the interpolation are OpenCV's, to compare with it: a picture whose
height or width is no multiple of `tiles` is extended by reflection, in both directions.

Source: Zuiderveld, Contrast Limited Adaptive Histogram Equalization, Graphics Gems IV, 1994;
Pizer et al. 1987, doi 10.1016/S0734-189X(87)80186-X.

| domain             | range         |
|--------------------|---------------|
| encoded in [0, 1]  | [0, 1]        |
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from relume.arrays import Plane, Rgb
from relume.card import Card, Knob
from relume.filters.lightness import from_responses, lightness, to_responses

CARD = Card(
    name="clahe",
    title="CLAHE",
    summary="Adaptive histogram equalisation with limited contrast; lightness only.",
    kind="classical",
    reach=None,
    year=1994,
    paper="https://doi.org/10.1016/B978-0-12-336156-1.50061-6",
    keeps_gray=True,
    cost="one histogram per tile, one pass",
    knobs=(
        Knob("clip", 2.0, low=0.0, high=40.0,
             meaning="largest slope of a transfer function, 0 for no limit"),
        Knob("tiles", 8.0, low=1.0, high=64.0, whole=True,
             meaning="number of tiles along each side"),
    ),
)  # fmt: skip

LEVELS = 256
LEAST = 10
"""Pixels along a tile when it would have fewer than 10 × 10: the clip limit is at least one count,
and one count of fewer samples is a visible step, which would turn a small black picture gray."""
STRIP = 64
"""Rows converted at a time: a strip of 4000 columns stays within a few megabytes."""


def enhance(image: Rgb, *, clip: float, tiles: float) -> Rgb:
    """Equalise the lightness of a picture tile by tile."""
    height = image.shape[0]
    strips = [slice(top, min(top + STRIP, height)) for top in range(0, height, STRIP)]
    plane = np.empty(image.shape[:2], np.float32)
    for rows in strips:
        plane[rows] = lightness(to_responses(image[rows])[..., 1])
    levels = np.rint(plane * (LEVELS - 1)).astype(np.uint8)
    tables = transfer_tables(levels, clip=clip, tiles=int(tiles))
    moved = look_up(plane, tables, cell=cell_of(image.shape[0], image.shape[1], tiles=int(tiles)))
    result = np.empty_like(image)
    for rows in strips:
        step = (moved[rows] - plane[rows]) / np.float32(1.16)
        result[rows] = from_responses(to_responses(image[rows]) + step[..., None])
    return result


def cell_of(height: int, width: int, *, tiles: int) -> tuple[int, int]:
    """Return the height and width of a tile, of the extended picture where it is extended."""
    # As OpenCV does: a side that is a multiple gets a full extra pixel per tile if the other is not.
    extra = int(height % tiles != 0 or width % tiles != 0)
    cell = height // tiles + extra, width // tiles + extra
    if cell[0] * cell[1] >= LEAST * LEAST:
        return cell
    return max(cell[0], LEAST), max(cell[1], LEAST)


def transfer_tables(levels: NDArray[np.uint8], *, clip: float, tiles: int) -> Plane:
    """Return each tile's transfer function, (tiles, tiles, 256) in [0, 1], of (H, W) levels."""
    height, width = cell_of(levels.shape[0], levels.shape[1], tiles=tiles)
    down = _reflect(height * tiles, levels.shape[0])
    across = _reflect(width * tiles, levels.shape[1])
    counts = np.empty((tiles, tiles, LEVELS), np.int64)
    for row in range(tiles):
        band = levels[down[row * height : (row + 1) * height]]
        for column in range(tiles):
            tile = band[:, across[column * width : (column + 1) * width]]
            counts[row, column] = np.bincount(tile.ravel(), minlength=LEVELS)
    if clip > 0.0:
        counts = _clip(counts, limit=max(1, int(clip * height * width / LEVELS)))
    return (counts.cumsum(axis=-1) / (height * width)).astype(np.float32)


def look_up(plane: Plane, tables: Plane, *, cell: tuple[int, int]) -> Plane:
    """Send (H, W) values in [0, 1] through the transfer functions around each pixel."""
    height, width = plane.shape
    rows, columns = tables.shape[:2]
    upper, lower, down = _neighbours(height, cell[0], rows)
    left, right, across = _neighbours(width, cell[1], columns)
    left, right = left * LEVELS, right * LEVELS
    result = np.empty_like(plane)
    for y in range(height):
        # One row at a time: the vertical interpolation is then one of whole tables.
        table = (tables[upper[y]] * (1.0 - down[y]) + tables[lower[y]] * down[y]).ravel()
        position = plane[y] * np.float32(LEVELS - 1)
        level = np.minimum(position.astype(np.intp), LEVELS - 2)
        between = position - level
        rising = np.diff(table, append=table[-1:])
        near, far = left + level, right + level
        first = table[near] + rising[near] * between
        second = table[far] + rising[far] * between
        result[y] = first + (second - first) * across
    return result


def _clip(counts: NDArray[np.int64], *, limit: int) -> NDArray[np.int64]:
    """Cut histograms (…, levels) at `limit` and spread the excess, once, over all levels."""
    kept = np.minimum(counts, limit)
    excess = (counts - kept).sum(axis=-1, keepdims=True)
    share, rest = excess // LEVELS, excess % LEVELS
    # The rest goes one count at a time to every stride-th level from the darkest.
    stride = np.maximum(LEVELS // np.maximum(rest, 1), 1)
    place = np.arange(LEVELS)
    return kept + share + ((place % stride == 0) & (place // stride < rest))


def _reflect(length: int, size: int) -> NDArray[np.intp]:
    """Return the indices 0…length − 1 folded into [0, size) about the first and last pixel."""
    period = max(2 * (size - 1), 1)
    folded = np.arange(length) % period
    return np.minimum(folded, period - folded) if size > 1 else np.zeros(length, np.intp)


def _neighbours(
    size: int, cell: int, tiles: int
) -> tuple[NDArray[np.intp], NDArray[np.intp], Plane]:
    """Return, for every pixel along a side, the two tiles around it and the weight of the second."""
    position = (np.arange(size, dtype=np.float32) / np.float32(cell)) - np.float32(0.5)
    first = np.floor(position).astype(np.intp)
    weight = (position - first).astype(np.float32)
    return np.maximum(first, 0), np.minimum(first + 1, tiles - 1), weight
