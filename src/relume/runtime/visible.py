"""A picture of which parts are hidden: methods see only what is visible.

Where alpha is 0 nothing is to be seen, and what colours a file keeps there says nothing about the
picture. So a method gets the box that holds all that is visible, and in it what is hidden takes the
colour of the nearest visible places, mixed by alpha, so that half hidden counts half. A method
whose look is the same for all places gets the visible pixels alone, each as often as it is visible.
Hidden colours are left as they were.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import isqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from relume.arrays import Picture, Plane
from relume.frozen import frozen
from relume.levels import TOPS, to_unit
from relume.looks.look import LINE
from relume.runtime.method import Method

_PLACELESS = ("tone", "relight")
"""Kinds of looks that are the same for all places."""
_GOLDEN = 0.6180339887498949
"""Its multiples are spread evenly: where they fall under alpha is alpha's share of all."""


@frozen(eq=False)
class Visible:
    """The visible box of a picture."""

    box: tuple[slice, slice]
    pixels: Picture
    """What is in the box; hidden places take the colour of what is near."""
    mixed: Picture
    """The same, half hidden places half way to what is near."""
    alone: Picture
    """The visible pixels, in rows and columns of no meaning."""
    hidden: NDArray[np.bool_]
    """(h, w)."""


def visible(picture: Picture, alpha: Picture) -> Visible | None:
    """Return what is visible of a picture; None when nothing is hidden, or all."""
    cover = to_unit(alpha)
    if cover.min() >= 1.0:
        return None
    rows, columns = (np.flatnonzero((cover > 0).any(axis=axis)) for axis in (1, 0))
    if rows.size == 0:
        return None
    box = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
    inside, seen = cover[box], np.ascontiguousarray(picture[box])
    hidden = inside == 0.0
    if inside.min() >= 1.0:
        return Visible(box, seen, seen, seen, hidden)
    own = to_unit(seen)
    near = _spread(own, inside)
    weight = inside if seen.ndim == 2 else inside[..., None]
    mixed = near + weight * (own - near)
    filled = np.where(hidden if seen.ndim == 2 else hidden[..., None], near, own)
    return Visible(box, _as(filled, seen), _as(mixed, seen), _alone(seen, inside), hidden)


def apply(
    method: Method,
    picture: Picture,
    found: Visible,
    *,
    knobs: Mapping[str, float],
    strength: float,
) -> Picture:
    """Return the picture with its visible part enhanced."""
    if found.mixed is found.pixels:
        result = method.apply(found.pixels, knobs=knobs, strength=strength)
    else:
        look = method.look(found.mixed, **knobs)
        if look.kind in _PLACELESS:
            look = method.look(found.alone, **knobs)
        if look.kind == LINE:  # a network that renders nothing must run at full size
            result = method.apply(found.pixels, knobs=knobs, strength=strength)
        else:
            result = method.paint(look, found.pixels, strength=strength)
    whole = picture.copy()
    hidden = found.hidden if picture.ndim == 2 else found.hidden[..., None]
    whole[found.box] = np.where(hidden, picture[found.box], result)
    return whole


def _as(unit: NDArray[Any], like: Picture) -> Picture:
    if like.dtype == np.float32:
        return unit.astype(np.float32, copy=False)
    return np.rint(unit * TOPS[like.dtype]).astype(like.dtype)


def _alone(seen: Picture, cover: Plane) -> Picture:
    """Return visible pixels in reading order, as nearly square as can be; never none."""
    flat = seen.reshape(-1, *seen.shape[2:])
    steps = np.modf(np.arange(len(flat)) * _GOLDEN)[0]
    taken = flat[steps < cover.ravel()]
    if len(taken) == 0:
        taken = flat[cover.ravel() > 0]
    wide = isqrt(len(taken))
    tall = len(taken) // wide
    return np.ascontiguousarray(taken[: tall * wide].reshape(tall, wide, *seen.shape[2:]))


def _spread(unit: Plane, cover: Plane) -> Plane:
    """Spread visible colours over hidden places: means over ever larger blocks, where a finer one
    holds nothing."""
    colours = unit if unit.ndim == 3 else unit[..., None]
    weights = cover[..., None].astype(np.float32)
    levels = [(colours * weights, weights)]
    while max(levels[-1][1].shape[:2]) > 1:
        levels.append((_halved(levels[-1][0]), _halved(levels[-1][1])))
    sums, weights = levels[-1]
    spread = sums / np.maximum(weights, 1e-6)
    for sums, weights in reversed(levels[:-1]):
        height, width = sums.shape[:2]
        coarse = spread.repeat(2, axis=0).repeat(2, axis=1)[:height, :width]
        share = np.minimum(weights, 1.0)
        spread = coarse + share * (sums / np.maximum(weights, 1e-6) - coarse)
    return spread.reshape(unit.shape).astype(np.float32, copy=False)


def _halved(plane: NDArray[np.float32]) -> NDArray[np.float32]:
    """Sum blocks of 2 × 2."""
    height, width, channels = plane.shape
    padded = np.pad(plane, ((0, height % 2), (0, width % 2), (0, 0)))
    return padded.reshape(-(-height // 2), 2, -(-width // 2), 2, channels).sum(axis=(1, 3))
