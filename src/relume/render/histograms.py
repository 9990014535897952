"""How many pixels have each level."""

from __future__ import annotations

from threading import Lock
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from relume.arrays import Picture
from relume.errors import UnknownNameError
from relume.levels import check_picture, to_unit
from relume.render.bands import each_band
from relume.render.kernel import kernel
from relume.render.samples import channels, clip_unit, packed, thousandths

Level = Literal["luma", "value", "red", "green", "blue"]
"""In the order the kernel numbers them."""

ROUND_UP = np.float32(0.52)
"""Halves go up, as for integers, though single precision may leave them 0.012 bins short."""

BAND = 1 << 20
"""Pixels per band; the counters of a thread are small beside it."""


def histogram(picture: Picture, *, of: Level) -> NDArray[np.int64]:
    """Count the pixels of each level: 256 bins for uint8, 65536 for uint16 and float32.

    luma = ⌊0.299 R + 0.587 G + 0.114 B + ½⌋ in levels, exact for integers (OpenCV's gray rounds
    its weights to 14 or 15 bits and may differ by one level next to a half); value = max(R, G, B).
    A float falls into bin ⌊65535 E + 0.52⌋, clipped to [0, 1]. A gray picture is its own level.
    """
    check_picture(picture)
    if of not in get_args(Level):
        raise UnknownNameError.of("histogram", of, get_args(Level))
    bins = np.zeros(256 if picture.dtype == np.uint8 else 65536, np.int64)
    number = get_args(Level).index(of)
    code, lock = kernel(), Lock()

    def count(first: int, last: int) -> None:
        rows = packed(picture[first:last])
        counted = np.zeros_like(bins)
        if code is None:
            counted += np.bincount(_levels(rows, of).ravel(), minlength=len(bins))
        else:
            code.count(rows, rows.itemsize, channels(rows), number, counted)
        with lock:
            np.add(bins, counted, out=bins)

    rows = max(1, BAND // picture.shape[1])
    each_band(count, height=picture.shape[0], rows=rows, threads=None)
    return bins


def _levels(rows: Picture, of: Level) -> NDArray[Any]:
    if rows.dtype == np.float32:
        return (_plane(to_unit(rows), of) * np.float32(65535) + ROUND_UP).astype(np.uint16)
    return _plane(rows, of)


def _plane(rows: Picture, of: Level) -> NDArray[Any]:
    if rows.ndim == 2:
        return rows
    red, green, blue = (rows[..., channel] for channel in range(3))
    match of:
        case "luma" if rows.dtype == np.float32:
            weights = (np.float32(0.299), np.float32(0.587), np.float32(0.114))
            return clip_unit(weights[0] * red + weights[1] * green + weights[2] * blue)
        case "luma":
            return (thousandths(rows) + np.uint32(500)) // np.uint32(1000)
        case "value":
            return np.maximum(np.maximum(red, green), blue)
        case _:
            return {"red": red, "green": green, "blue": blue}[of]
