"""Each rendering of a band of rows in NumPy: for machines without the compiled kernel, and for
transfer functions on float32 pictures, which no table can hold.

A painter takes the samples of some whole rows, where to put the result (perhaps the same memory),
and the number of the first row. It holds a few float32 copies of its band, never of the picture.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from relume.arrays import Floats, Map, Picture
from relume.colour import LUMA_601
from relume.errors import ContractError
from relume.levels import TOPS, to_unit
from relume.render.kernel import FINE, KNOTS
from relume.render.maps import (
    HARDLY,
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
from relume.render.placement import (
    between_tiles,
    enlarge,
    place,
    prepared_map,
    prepared_noise,
    prepared_offset,
)
from relume.render.samples import dither, mix_and_store, thousandths
from relume.render.tables import (
    Function,
    change_table,
    evaluate,
    gray_transfer,
    pair_table,
    relight_tables,
    relit,
    tone_table,
    transfer_table,
)

FAINT = 1e-4
"""Added to what Lift's gamma is applied to: the slope of a power is infinite at 0."""

Painter: TypeAlias = Callable[[Picture, Picture, int], None]
Singles: TypeAlias = NDArray[np.float32]
Step: TypeAlias = Callable[[Singles, Picture, Callable[[Map], Singles]], Singles]
"""(samples (rows, W, C), the same as stored, how to enlarge a map) → new samples, not clipped."""

TINY = np.finfo(np.float32).tiny
"""Pixels under it are black: their reciprocal would be infinite."""


def painter(rendering: Rendering, picture: Picture, *, strength: float) -> Painter:
    """Return what renders bands of `picture`."""
    if isinstance(rendering, Tone | Relight):
        if picture.dtype == np.float32:
            return _evaluating(rendering, strength)
        if isinstance(rendering, Relight):
            return _relighting(rendering, picture, strength)
        return _toning(rendering, picture, strength)
    if isinstance(rendering, Tiles):
        return _tiling(rendering, picture, strength)
    if isinstance(rendering, Lift):
        return _lifting(rendering, picture, strength)
    return _placing(rendering, picture, strength)


def _looking_up(table: NDArray[np.uint8] | NDArray[np.uint16]) -> Painter:
    def paint(source: Picture, target: Picture, first: int) -> None:
        target[...] = table[source]

    return paint


def _looking_up_pairs(table: NDArray[np.uint8]) -> Painter:
    def paint(source: Picture, target: Picture, first: int) -> None:
        target[...] = table[_largest(source)[..., None], source]

    return paint


def _toning(tone: Tone, picture: Picture, strength: float) -> Painter:
    """Render integers by tables."""
    if picture.ndim == 2 or tone.by == "channel":
        return _looking_up(transfer_table(tone.transfer, dtype=picture.dtype, strength=strength))
    if tone.by == "value" and picture.dtype == np.uint8:
        return _looking_up_pairs(pair_table(tone, strength=strength))
    table = tone_table(tone.transfer, dtype=picture.dtype) * np.float32(1 / (KNOTS - 1))

    def paint(source: Picture, target: Picture, first: int) -> None:
        before = to_unit(source)
        if tone.by == "value":
            key, mapped = _largest(before), table[FINE:][_largest(source)]
        else:
            key, mapped = _luma(source), _mapped_luma(table, source)
        mix_and_store(_recoloured(before, key, mapped, by=tone.by), before, strength, target)

    return paint


def _relighting(relight: Relight, picture: Picture, strength: float) -> Painter:
    """Render integers by tables."""
    if picture.ndim == 2:
        transfer = gray_transfer(relight)
        return _looking_up(transfer_table(transfer, dtype=picture.dtype, strength=strength))
    if picture.dtype == np.uint8:
        return _looking_up_pairs(pair_table(relight, strength=strength))
    linear, factor, encoded = relight_tables(relight)

    def paint(source: Picture, target: Picture, first: int) -> None:
        position = linear[source] * factor[_largest(source)][..., None]
        after = _between_knots(encoded, np.fmin(position, np.float32(KNOTS - 1)))
        mix_and_store(after, to_unit(source), strength, target)

    return paint


def _evaluating(rendering: Tone | Relight, strength: float) -> Painter:
    """Render float32: the function is called for every sample."""

    def paint(source: Picture, target: Picture, first: int) -> None:
        before = to_unit(source)
        mix_and_store(_evaluated(rendering, before), before, strength, target)

    return paint


def _evaluated(rendering: Tone | Relight, before: Singles) -> Singles:
    if isinstance(rendering, Relight):
        if before.ndim == 3:
            return _single(relit(rendering, before))
        return _mapped(gray_transfer(rendering), before)
    if before.ndim == 2 or rendering.by == "channel":
        return _mapped(rendering.transfer, before)
    key = _largest(before) if rendering.by == "value" else _luma(before)
    return _recoloured(before, key, _mapped(rendering.transfer, key), by=rendering.by)


def _recoloured(before: Singles, key: Singles, mapped: Singles, *, by: str) -> Singles:
    """Move each pixel so that its key, which is its value or its luma, becomes `mapped`."""
    if by == "shift":
        return _single(before + (mapped - key)[..., None])
    top = _largest(before)
    factor = np.fmin(mapped / np.fmax(key, TINY), 1 / np.fmax(top, TINY))
    return np.where((top < TINY)[..., None], mapped[..., None], before * factor[..., None])


def _tiling(tiles: Tiles, picture: Picture, strength: float) -> Painter:
    """Render by a table for each tile."""
    tables = prepared_map(tiles, picture)
    rows, columns = place(tiles.grid, small=tables.shape[:2], full=picture.shape[:2])

    def paint(source: Picture, target: Picture, first: int) -> None:
        before = to_unit(source)
        key = before if source.ndim == 2 else _luma(source)
        change = between_tiles(tables, key, rows, columns, first) - key
        after = before + (change if source.ndim == 2 else change[..., None])
        mix_and_store(_single(after), before, strength, target)

    return paint


def _placing(
    rendering: Curve | Gain | Affine | Blend | Local, picture: Picture, strength: float
) -> Painter:
    """Render with a small map."""
    small, step = _step(rendering, picture)
    rows, columns = place(rendering.grid, small=small.shape[:2], full=picture.shape[:2])

    def paint(source: Picture, target: Picture, first: int) -> None:
        last = first + source.shape[0]
        before = to_unit(source).reshape(*source.shape[:2], -1)
        after = step(before, source, lambda some: enlarge(some, rows, columns, first, last))
        mix_and_store(after, before, strength, target)

    return paint


def _step(rendering: Curve | Gain | Affine | Blend | Local, picture: Picture) -> tuple[Map, Step]:
    """Return the map and what is done with it."""
    small = prepared_map(rendering, picture)
    match rendering:
        case Curve(iterations=iterations):
            return small, lambda before, _, full: _curved(before, full(small), iterations)
        case Gain(keep_hue=keep_hue):
            return small, lambda before, _, full: _gained(before, full(small), keep_hue=keep_hue)
        case Affine():
            offset = prepared_offset(rendering, picture)
            return small, lambda before, _, full: _single(before * full(small) + full(offset))
        case Blend(transfer=transfer) if picture.dtype == np.float32:
            return small, lambda before, _, full: _single(
                before + full(small) * (_mapped(transfer, before) - before)
            )
        case Blend(transfer=transfer):
            change = change_table(transfer, dtype=picture.dtype)
            return small, lambda before, source, full: _single(
                before + full(small) * change[source].reshape(before.shape)
            )
        case Local(transfer=transfer):
            return small, lambda before, _, full: _transferred(transfer, before, full(small))


def _transferred(
    transfer: Callable[[Floats, Floats], Floats], before: Singles, here: Singles
) -> Singles:
    after = transfer(before, here)
    if after.shape != before.shape:
        raise ContractError(f"transfer: expected the shape {before.shape} back, got {after.shape}")
    # What it returns is overwritten, and may be the pixels themselves.
    return after.astype(np.float32, copy=after is before or after.base is not None)


def _curved(before: Singles, a: Singles, iterations: int) -> Singles:
    x, step = before.copy(), np.empty_like(before)
    for _ in range(iterations):
        np.multiply(x, x, out=step)
        np.subtract(x, step, out=step)
        np.multiply(a, step, out=step)
        np.add(x, step, out=x)
    return x


def _gained(before: Singles, g: Singles, *, keep_hue: bool) -> Singles:
    after = before * g
    if keep_hue and after.shape[2] == 3:
        after /= np.fmax(_largest(after), np.float32(1))[..., None]
    return after


def _lifting(lift: Lift, picture: Picture, strength: float) -> Painter:
    """Take the noise of a picture away, if any is known, then lift it."""
    clean = None if lift.noise is None else (lift.noise, prepared_noise(lift.noise, lift, picture))
    slope, offset = prepared_map(lift, picture), prepared_offset(lift, picture)
    rows, columns = place(lift.grid, small=slope.shape[:2], full=picture.shape[:2])

    def paint(source: Picture, target: Picture, first: int) -> None:
        last = first + source.shape[0]
        before = quiet = to_unit(source).reshape(*source.shape[:2], -1)
        if clean is not None:
            noise, planes = clean
            top, left = noise.corner
            here = planes[:, top + first : top + last, left : left + source.shape[1]]
            share = enlarge(noise.amount, rows, columns, first, last)
            root = np.clip(np.sqrt(before) - here.transpose(1, 2, 0), np.float32(0), np.float32(1))
            quiet = _single(before + share * (_colourless(root * root) - before))
        maps = (enlarge(each, rows, columns, first, last) for each in (slope, offset))
        added = None
        if lift.dither is not None and target.dtype == np.uint8:
            place_here = (lift.dither[0] + first, lift.dither[1])
            added = dither((last - first, source.shape[1]), first=place_here)[..., None]
        mix_and_store(_lifted(quiet, *maps), before, strength, target, added=added)

    return paint


def _colourless(quiet: Singles) -> Singles:
    """Take away the colour of what is hardly above black."""
    if quiet.shape[2] == 1:
        return quiet
    gray = _luma(quiet)[..., None]
    lost = np.float32(HARDLY**2) / (np.float32(HARDLY**2) + gray * gray)
    return _single(quiet + lost * (gray - quiet))


def _lifted(before: Singles, slope: Singles, offset: Singles) -> Singles:
    luma = before[..., 0] if before.shape[2] == 1 else _luma(before)
    guide = np.log2(np.float32(255) * luma + np.float32(1)) * np.float32(1 / 8)
    maps = np.exp2(slope * guide[..., None] + offset)
    gain, bias, gamma = maps[..., :-2], maps[..., -2:-1], maps[..., -1:]
    z = np.minimum(gain * before, np.float32(1))
    return _single((bias * z / (1 + (bias - 1) * z) + np.float32(FAINT)) ** gamma)


def _largest(samples: NDArray[Any]) -> NDArray[Any]:
    # max(axis=-1) is ten times slower on an axis of three.
    return np.maximum(np.maximum(samples[..., 0], samples[..., 1]), samples[..., 2])


def _luma(samples: Picture) -> Singles:
    """Weigh stored samples; integers exactly, floats without BLAS: its sums vary with size."""
    if samples.dtype == np.float32:
        unit = to_unit(samples)
        red, green, blue = (
            unit[..., channel] * np.float32(weight) for channel, weight in enumerate(LUMA_601)
        )
        return np.fmin(red + green + blue, np.float32(1))
    return thousandths(samples).astype(np.float32) * np.float32(1 / (1000 * TOPS[samples.dtype]))


def _between_knots(table: Singles, position: Singles) -> Singles:
    index = np.minimum(position.astype(np.int32), KNOTS - 1)
    here = table[index]
    return _single(here + (position - index.astype(np.float32)) * (table[index + 1] - here))


def _mapped_luma(table: Singles, source: Picture) -> Singles:
    fine = thousandths(source)
    mapped = _between_knots(table[FINE:], _luma(source) * np.float32(KNOTS - 1))
    return np.where(fine < FINE, table[np.minimum(fine, FINE - 1)], mapped)


def _mapped(transfer: Function, samples: Singles) -> Singles:
    return _single(evaluate(transfer, samples, name="transfer", high=1))


def _single(values: Floats) -> Singles:
    return values.astype(np.float32, copy=False)
