"""Where the pixels of a picture lie on a small map, and the map's values there."""

from __future__ import annotations

from collections.abc import Sequence
from math import log

import numpy as np
from numpy.typing import NDArray

from relume.arrays import Map, Picture
from relume.errors import ContractError
from relume.frozen import frozen
from relume.render.maps import Affine, Blend, Curve, Gain, Grid, Lift, Local, Noise, Placed, Tiles

SLACK = 1e-3
"""How far a map may leave its range: what a resampler's or a network's rounding can add, and less
than a level of 8 bits."""

LIMIT = 1e9
"""Largest factor or offset: beyond any use, and float32 products with it stay finite."""


@frozen(eq=False)
class Taps:
    """For each pixel of one axis, the map sample before it and how far it is towards the next."""

    index: NDArray[np.int32]
    weight: NDArray[np.float32]
    """In [0, 1]; 0 at the last sample, which has no next."""


def taps(pixels: int, *, scale: float, offset: float, samples: int) -> Taps:
    """Return where `pixels` pixels lie on `samples` map samples."""
    position = np.clip(scale * np.arange(pixels) + offset, 0, samples - 1)
    index = position.astype(np.int32)
    return Taps(index, (position - index).astype(np.float32))


def place(grid: Grid, *, small: tuple[int, int], full: tuple[int, int]) -> tuple[Taps, Taps]:
    """Return the taps of all rows and of all columns."""
    if not np.isfinite((*grid.scale, *grid.offset)).all():
        raise ContractError(f"grid: expected finite numbers, got {grid}")
    vertical, horizontal = (
        taps(full[axis], scale=grid.scale[axis], offset=grid.offset[axis], samples=small[axis])
        for axis in (0, 1)
    )
    return vertical, horizontal


def enlarge(small: Map, rows: Taps, columns: Taps, first: int, last: int) -> Map:
    """Return the map's values at the pixels of rows first … last − 1, (rows, W, C)."""
    index = rows.index[first:last]
    weight = rows.weight[first:last, None, None]
    upper = small[index]
    lines = upper + weight * (small[np.minimum(index + 1, small.shape[0] - 1)] - upper)
    weight = columns.weight[:, None]
    right = np.minimum(columns.index + 1, small.shape[1] - 1)
    left = lines[:, columns.index]
    return (left + weight * (lines[:, right] - left)).astype(np.float32, copy=False)


def between_tiles(tables: Map, key: Map, rows: Taps, columns: Taps, first: int) -> Map:
    """Return each tile's table read at `key`, interpolated between tiles, for rows from `first`.

    tables (h, w, levels); key (rows, W) in [0, 1] → (rows, W). Each value is read by itself: whole
    tables for each pixel would not fit into memory.
    """
    last = first + key.shape[0]
    levels = tables.shape[2]
    position = key * np.float32(levels - 1)
    level = np.minimum(position.astype(np.int64), levels - 2)
    part = (position - level).astype(np.float32)
    flat = tables.ravel()

    def read(row: NDArray[np.int32], column: NDArray[np.int32]) -> Map:
        at = (row[:, None].astype(np.int64) * tables.shape[1] + column) * levels + level
        low = flat[at]
        return (low + part * (flat[at + 1] - low)).astype(np.float32, copy=False)

    def between_columns(row: NDArray[np.int32]) -> Map:
        left = read(row, columns.index)
        right = read(row, np.minimum(columns.index + 1, tables.shape[1] - 1))
        return (left + columns.weight * (right - left)).astype(np.float32, copy=False)

    index = rows.index[first:last]
    upper = between_columns(index)
    lower = between_columns(np.minimum(index + 1, tables.shape[0] - 1))
    mixed = upper + rows.weight[first:last, None] * (lower - upper)
    return mixed.astype(np.float32, copy=False)


def prepared_map(rendering: Placed, picture: Picture) -> Map:
    """Return the map that the rendering is named after, checked and fitted to the picture."""
    match rendering:
        case Curve():
            if rendering.iterations < 0:
                raise ContractError(f"iterations: expected 0 or more, got {rendering.iterations}")
            return _fitted(rendering.map, picture, name="curve map", low=-1, high=1)
        case Gain():
            return _fitted(rendering.map, picture, name="gain map", low=0)
        case Affine():
            return _fitted(rendering.slope, picture, name="slope map")
        case Blend():
            return _fitted(rendering.map, picture, name="blend map", low=0, high=1)
        case Lift():
            return _per_sample(rendering.slope, picture, name="slope map")
        case Tiles():
            return _bounded(rendering.tables, depths=range(2, 65537), name="tables", low=0, high=1)
        case Local():
            return _bounded(rendering.map, depths=range(1, 65537), name="local map")


def prepared_offset(rendering: Affine | Lift, picture: Picture) -> Map:
    """Return the offset of straight lines, checked and fitted to the picture."""
    slope, offset = rendering.slope, rendering.offset
    if offset.shape != slope.shape:
        raise ContractError(f"offset map: expected {slope.shape} as the slope, got {offset.shape}")
    fitted = _per_sample if isinstance(rendering, Lift) else _fitted
    return fitted(offset, picture, name="offset map")


def prepared_noise(noise: Noise, lift: Lift, picture: Picture) -> NDArray[np.float32]:
    """Return the planes of the noise, checked against the picture."""
    planes, (top, left) = noise.planes, noise.corner
    deep = (1 if picture.ndim == 2 else 3,)
    if planes.ndim != 3 or planes.shape[:1] != deep or planes.dtype != np.float32:
        raise ContractError(f"noise: expected {deep[0]} float32 planes, got {planes.shape}")
    room = (planes.shape[1] - top - picture.shape[0], planes.shape[2] - left - picture.shape[1])
    if min(top, left, *room) < 0:
        raise ContractError(
            f"noise: {picture.shape[:2]} pixels from {noise.corner} lie outside {planes.shape[1:]}"
        )
    bounded_amount(noise.amount, lift)
    return np.ascontiguousarray(planes)


def bounded_amount(amount: Map, lift: Lift) -> Map:
    """Return how much noise is taken away where, checked against the lift's own maps."""
    found = _bounded(amount, depths=(1,), name="amount map", low=0, high=1)
    if amount.shape[:2] != lift.slope.shape[:2]:
        raise ContractError(
            f"amount map: expected {lift.slope.shape[:2]} as the slope, got {amount.shape[:2]}"
        )
    return found


def _per_sample(lines: Map, picture: Picture, *, name: str) -> Map:
    """Return a map of Lift in logarithms to the base 2, with as many gains as the picture has
    channels."""
    lines = _bounded(lines, depths=range(5, 6), name=name) * np.float32(1 / log(2))
    if picture.ndim == 3:
        return lines
    gain = lines[..., :3].mean(axis=2, keepdims=True)
    return np.ascontiguousarray(np.concatenate((gain, lines[..., 3:]), axis=2))


def _fitted(
    small: Map, picture: Picture, *, name: str, low: float = -LIMIT, high: float = LIMIT
) -> Map:
    """Return the map as contiguous float32 of no more channels than the picture."""
    small = _bounded(small, depths=(1, 3), name=name, low=low, high=high)
    if picture.ndim == 2 and small.shape[2] == 3:
        return small.mean(axis=2, keepdims=True)
    return small


def _bounded(
    small: Map,
    *,
    depths: Sequence[int],
    name: str,
    low: float = -LIMIT,
    high: float = LIMIT,
) -> Map:
    """Return the map as contiguous float32.

    Raises: ContractError when its shape, or a value of it, is not what the rendering asks for.
    """
    if small.ndim != 3 or small.shape[2] not in depths or 0 in small.shape:
        wanted = "1 or 3" if isinstance(depths, tuple) else f"{depths[0]} or more"
        raise ContractError(f"{name}: expected (h, w, {wanted}), got {small.shape}")
    least, most = float(small.min()), float(small.max())
    # Written so that not-a-number fails.
    if not (least >= low - SLACK and most <= high + SLACK):
        raise ContractError(f"{name}: expected [{low:g}, {high:g}], got {least:g} to {most:g}")
    return np.ascontiguousarray(small, np.float32)
