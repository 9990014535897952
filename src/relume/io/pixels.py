"""Arrays of pixels: turned upright, reduced to 8 bits, freed of premultiplied alpha.

All of it in strips where that saves memory.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from relume.arrays import Pixels

ROWS = 64
"""Rows per strip: a strip of a large picture stays in the cache."""


def turned(array: Any, orientation: int) -> Any:
    """Turn stored pixels as an EXIF orientation of 1–8 asks, so that they are upright."""
    if orientation == 1:
        return array
    if orientation >= 5:
        array = array.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        array = array[::-1]
    if orientation in (2, 3, 6, 7):
        array = array[:, ::-1]
    return np.ascontiguousarray(array)


def to_eight_bits(array: Pixels) -> NDArray[np.uint8]:
    """Round [0, 65535] to the nearest of [0, 255]."""
    if array.dtype == np.uint8:
        return array.astype(np.uint8, copy=False)
    reduced = np.empty(array.shape, np.uint8)
    for top in range(0, len(array), ROWS):
        strip = array[top : top + ROWS].astype(np.uint32)
        reduced[top : top + ROWS] = (strip + 128) // 257
    return reduced


def split(array: NDArray[Any]) -> tuple[Pixels, Pixels | None]:
    """Split (H, W), (H, W, 1–4) into colour and alpha: two and four channels have alpha."""
    if array.ndim == 2:
        return array, None
    channels = array.shape[2]
    alpha: Any = np.ascontiguousarray(array[..., -1]) if channels in (2, 4) else None
    if channels < 3:
        return np.ascontiguousarray(array[..., 0]), alpha
    return np.ascontiguousarray(array[..., :3]), alpha


def unpremultiplied(pixels: Pixels, alpha: Pixels) -> Pixels:
    """Divide colours by their alpha; where nothing is to be seen, they become black."""
    top_value = np.iinfo(pixels.dtype).max
    divided = np.empty_like(pixels)
    for top in range(0, len(pixels), ROWS):
        strip = pixels[top : top + ROWS].astype(np.uint64)
        cover = alpha[top : top + ROWS].astype(np.uint64)
        cover = cover if pixels.ndim == 2 else cover[..., None]
        full = (strip * top_value + cover // 2) // np.maximum(cover, 1)
        divided[top : top + ROWS] = np.where(cover > 0, np.minimum(full, top_value), 0)
    return divided


def laid_on(pixels: Pixels, alpha: Pixels, background: tuple[float, float, float]) -> Pixels:
    """Mix a picture with a background of one colour, in [0, 1], as its alpha says.

    Numbers are mixed as they are encoded, as browsers do; gray becomes RGB on a colour.
    """
    top_value = np.iinfo(pixels.dtype).max
    colour = np.array(background, np.float32) * np.float32(top_value)
    is_gray = pixels.ndim == 2 and len(set(background)) == 1
    below = colour[0] if is_gray else colour
    whole: Any = pixels
    if pixels.ndim == 2 and not is_gray:
        whole = np.repeat(pixels[..., None], 3, axis=2)
    mixed = np.empty_like(whole)
    for top in range(0, len(whole), ROWS):
        cover = alpha[top : top + ROWS].astype(np.float32) / np.float32(top_value)
        cover = cover if is_gray else cover[..., None]
        strip = whole[top : top + ROWS] * cover + below * (1 - cover)
        mixed[top : top + ROWS] = np.rint(strip)
    return mixed
