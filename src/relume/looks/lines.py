"""The look of a network that paints pixels: the straight line per channel that it comes to.

Both small, reduced by area to at most `MOST` pixels, its result is fitted by

    enhanced ≈ gain · low + offset

for R, G and B each, by least squares. Painted over another picture, the network's result there is
moved by the difference between the two lines, so that at least light and colour keep steady over a
film or a series. Over the picture it was taken from, the two are the same and nothing is moved.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from relume import render
from relume.arrays import Picture
from relume.card import Card
from relume.levels import to_rgb
from relume.looks.look import LINE, Look, digest
from relume.render.bands import each_band
from relume.tiles.bounded import bounded_size
from relume.tiles.fit import from_unit

MOST = 2**16
"""Pixels: a twentieth of a second for `pairlie`, and the lines' error is under half a level."""
KNOB = "knob."
"""Stands before the knobs in a look's numbers: the network is run again with them."""
FLAT = 1e-6
"""Variance under which a channel is the same everywhere: its line is flat as well."""


def seen(
    enhance: Callable[[Picture], Picture],
    picture: Picture,
    *,
    card: Card,
    knobs: Mapping[str, float],
) -> Look:
    """Return the lines of what `enhance` makes of a picture, reduced."""
    size = (picture.shape[0], picture.shape[1])
    height, width = bounded_size(size, most_pixels=MOST)
    low = render.reduce(picture, height=height, width=width)
    before, after = low.reshape(-1, 3), enhance(low).reshape(-1, 3)
    means = before.mean(axis=0), after.mean(axis=0)
    spread = before - means[0]
    variance = (spread**2).mean(axis=0)
    gain = np.where(
        variance > FLAT, (spread * (after - means[1])).mean(axis=0) / np.maximum(variance, FLAT), 0
    )
    offset = means[1] - gain * means[0]
    maps = {
        name: np.asarray(values, np.float32).reshape(1, 1, 3)
        for name, values in (("gain", gain), ("offset", offset))
    }
    scalars = {f"{KNOB}{name}": float(value) for name, value in knobs.items()}
    return Look(card.name, digest(card), size, LINE, maps, scalars)


def knobs_of(look: Look) -> dict[str, float]:
    """Return the knobs that a look was taken with."""
    return {
        name.removeprefix(KNOB): value
        for name, value in look.scalars.items()
        if name.startswith(KNOB)
    }


def moved(look: Look, own: Look, picture: Picture, result: Picture, *, strength: float) -> Picture:
    """Move a result from its own lines to those of a look; `result` is written to."""
    gain, offset = (
        np.float32(strength) * (look.maps[name] - own.maps[name]).astype(np.float32)[0]
        for name in ("gain", "offset")
    )
    if not gain.any() and not offset.any():
        return result

    def band(first: int, last: int) -> None:
        low, high = to_rgb(picture[first:last]), to_rgb(result[first:last])
        high = high + gain * low + offset
        result[first:last] = from_unit(high, result)

    each_band(band, height=picture.shape[0], rows=64, threads=None)
    return result
