"""Each rendering of a band of rows by the compiled kernel."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from relume.arrays import Map, Picture
from relume.render import portable, restoration
from relume.render.kernel import Array, Kernel, MapCall, Size
from relume.render.maps import (
    Affine,
    Blend,
    Curve,
    Gain,
    Lift,
    Local,
    Relight,
    Rendering,
    Tiles,
    Tone,
)
from relume.render.placement import Taps, place, prepared_map, prepared_noise, prepared_offset
from relume.render.portable import Painter
from relume.render.samples import channels
from relume.render.tables import (
    change_table,
    gray_transfer,
    pair_table,
    relight_tables,
    tone_table,
    transfer_table,
)

Band: TypeAlias = tuple[Array, Array, int, Size, Array, Size, Array, Array, Array, Array]
"""Arguments of a `MapCall` before the strength."""


def painter(kernel: Kernel, rendering: Rendering, picture: Picture, *, strength: float) -> Painter:
    """Return what renders bands of `picture`."""
    by_sample = picture.dtype == np.float32 and isinstance(rendering, Tone | Relight | Blend)
    if by_sample or isinstance(rendering, Local):
        # The function must be called for every sample: nothing is left to compile.
        return portable.painter(rendering, picture, strength=strength)
    if isinstance(rendering, Tone):
        return _toning(kernel, rendering, picture, strength)
    if isinstance(rendering, Relight):
        return _relighting(kernel, rendering, picture, strength)
    if isinstance(rendering, Lift):
        return _lifting(kernel, rendering, picture, strength)
    return _placing(kernel, rendering, picture, strength)


def _looking_up(kernel: Kernel, table: NDArray[np.uint8] | NDArray[np.uint16]) -> Painter:
    kind = table.itemsize
    return lambda source, target, _: kernel.look_up(source, target, kind, table)


def _toning(kernel: Kernel, tone: Tone, picture: Picture, strength: float) -> Painter:
    dtype, kind = picture.dtype, picture.itemsize
    if picture.ndim == 2 or tone.by == "channel":
        return _looking_up(kernel, transfer_table(tone.transfer, dtype=dtype, strength=strength))
    if tone.by == "value" and dtype == np.uint8:
        pairs = pair_table(tone, strength=strength)
        return lambda source, target, _: kernel.look_up_pairs(source, target, pairs)
    table = tone_table(tone.transfer, dtype=dtype)
    if tone.by == "shift":
        return lambda source, target, _: kernel.shift(source, target, kind, table, strength)
    by_luma = tone.by == "luma"
    return lambda source, target, _: kernel.scale(source, target, kind, table, strength, by_luma)


def _relighting(kernel: Kernel, relight: Relight, picture: Picture, strength: float) -> Painter:
    if picture.ndim == 2:
        transfer = gray_transfer(relight)
        return _looking_up(kernel, transfer_table(transfer, dtype=picture.dtype, strength=strength))
    if picture.dtype == np.uint8:
        pairs = pair_table(relight, strength=strength)
        return lambda source, target, _: kernel.look_up_pairs(source, target, pairs)
    tables = relight_tables(relight)
    return lambda source, target, _: kernel.relight(source, target, *tables, strength)


def _placing(
    kernel: Kernel,
    rendering: Curve | Gain | Affine | Blend | Tiles,
    picture: Picture,
    strength: float,
) -> Painter:
    small = prepared_map(rendering, picture)
    rows, columns = place(rendering.grid, small=small.shape[:2], full=picture.shape[:2])
    call: MapCall
    match rendering:
        case Curve():
            call, more = kernel.curve, rendering.iterations
        case Gain():
            call, more = kernel.gain, rendering.keep_hue
        case Affine():
            call, more = kernel.affine, prepared_offset(rendering, picture)
        case Blend():
            call, more = kernel.blend, change_table(rendering.transfer, dtype=picture.dtype)
        case Tiles():
            call, more = kernel.tiles, 0

    def paint(source: Picture, target: Picture, first: int) -> None:
        call(*_band(source, target, small, rows, columns, first), strength, more)

    return paint


def _lifting(kernel: Kernel, lift: Lift, picture: Picture, strength: float) -> Painter:
    slope, offset = prepared_map(lift, picture), prepared_offset(lift, picture)
    rows, columns = place(lift.grid, small=slope.shape[:2], full=picture.shape[:2])
    plain = restoration.vector_lift() or kernel.lift
    clean = None if lift.noise is None else (lift.noise, prepared_noise(lift.noise, lift, picture))
    if clean is not None:  # taken away first; its amount is one more map
        amount = clean[0].amount.astype(np.float32, copy=False)
        slope = np.concatenate((slope, np.zeros_like(amount)), axis=2)
        offset = np.concatenate((offset, amount), axis=2)

    def paint(source: Picture, target: Picture, first: int) -> None:
        row, column = (-1, 0) if lift.dither is None else lift.dither
        band = _band(source, target, slope, rows, columns, first)
        call = (*band, strength, offset, (row if row < 0 else row + first, column))
        if clean is None:
            plain(*call)
        else:
            noise, planes = clean
            top, left = noise.corner
            kernel.lift_clean(*call, planes, (planes.shape[1], planes.shape[2], top + first, left))

    return paint


def _band(
    source: Picture, target: Picture, small: Map, rows: Taps, columns: Taps, first: int
) -> Band:
    """Return what every operation on a map is told: a band of pixels, and where it lies on it."""
    tall, wide = source.shape[0], source.shape[1]
    band = slice(first, first + tall)
    size = (tall, wide, channels(source))
    down, down_weight = rows.index[band], rows.weight[band]
    at = (down, down_weight, columns.index, columns.weight)
    return (source, target, source.itemsize, size, small, small.shape, *at)
