"""From the colours of a camera to those of sRGB, both with the transfer function of sRGB."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from relume.arrays import Rgb
from relume.colour import decode_srgb, encode_srgb
from relume.render.bands import each_band

STEPS = 2**16 - 1
"""A table's last index: errors are 10⁻⁵ on average, below a level of 16 bits."""
BAND = 64
"""Rows at a time: their samples stay in the processor's caches."""


def to_srgb(picture: Rgb, matrix: NDArray[np.float64]) -> Rgb:
    """Multiply a picture's linear light by `matrix`, in place.

    encode(clip(M · decode(camera))), (H, W, 3) in [0, 1] → the same array. Rows of `matrix` have
    the sum 1, so gray and white stay. Negative light, of colours outside sRGB, becomes 0.
    """
    if np.array_equal(matrix, np.eye(3)):
        return picture
    decode, encode = _tables()
    turned = np.ascontiguousarray(matrix.T, np.float32)

    def turn(first: int, last: int) -> None:
        light = decode[_index(picture[first:last])] @ turned
        np.clip(light, 0.0, 1.0, out=light)
        picture[first:last] = encode[_index(np.sqrt(light, out=light))]

    each_band(turn, height=picture.shape[0], rows=BAND, threads=None)
    return picture


def _index(unit: Rgb) -> NDArray[np.uint16]:
    return (unit * np.float32(STEPS) + np.float32(0.5)).astype(np.uint16)


@cache
def _tables() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return decoding by the encoded value, and encoding by the square root of linear light: there
    its slope is at most 2, where by the light itself it is 13 at black."""
    steps = np.linspace(0, 1, STEPS + 1)
    return decode_srgb(steps).astype(np.float32), encode_srgb(steps**2).astype(np.float32)
