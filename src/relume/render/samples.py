"""Pictures as samples: how they lie in memory, their luma, and floats turned back into them."""

from __future__ import annotations

import numpy as np
from numpy.typing import DTypeLike, NDArray

from relume.arrays import Picture
from relume.levels import TOPS


def channels(picture: Picture) -> int:
    """Return 1 for gray, 3 for RGB."""
    return 1 if picture.ndim == 2 else 3


def thousandths(rgb: Picture) -> NDArray[np.uint32]:
    """Return the BT.601 luma of integers in thousandths of a level: exact."""
    wide = rgb.astype(np.uint32)
    red, green, blue = (
        wide[..., channel] * np.uint32(weight) for channel, weight in enumerate((299, 587, 114))
    )
    return red + green + blue


def is_packed(picture: Picture) -> bool:
    """Say whether compiled code may walk over the samples one after the other."""
    return picture.flags.c_contiguous and picture.flags.aligned


def packed(picture: Picture) -> Picture:
    """Return the picture, copied if its samples do not lie one after the other."""
    return picture if is_packed(picture) else np.array(picture, order="C")


def levels(dtype: DTypeLike) -> NDArray[np.float64]:
    """Return every encoded value an integer type can hold, in order."""
    top = int(TOPS[np.dtype(dtype)])
    return np.arange(top + 1) / top


def clip_unit(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Clip to [0, 1] in place; not-a-number counts as 0."""
    np.fmax(values, np.float32(0), out=values)
    return np.fmin(values, np.float32(1), out=values)


def dither(size: tuple[int, int], *, first: tuple[int, int]) -> NDArray[np.float32]:
    """Return what is added to levels before they are rounded, (H, W) in (−0.5, 0.5), evenly spread
    and different from pixel to pixel; `first` is the row and the column of the first one.

    From the hash lowbias32 (Wellons, Prospecting for Hash Functions, 2018).
    """
    rows, columns = (
        np.arange(start, start + count, dtype=np.int64).astype(np.uint32)
        for start, count in zip(first, size, strict=True)
    )
    hashed = rows[:, None] << np.uint32(16) ^ columns
    for shift, factor in ((16, 0x7FEB352D), (15, 0x846CA68B)):
        hashed ^= hashed >> np.uint32(shift)
        hashed *= np.uint32(factor)
    hashed ^= hashed >> np.uint32(16)
    return ((hashed & np.uint32(255)).astype(np.float32) - np.float32(127.5)) / np.float32(256)


def mix_and_store(
    rendered: NDArray[np.float32],
    before: NDArray[np.float32],
    strength: float,
    target: Picture,
    *,
    added: NDArray[np.float32] | None = None,
) -> None:
    """Write before + strength · (rendered − before), rounded to nearest; overwrites `rendered`.

    `added` are levels, between −0.5 and 0.5, that the result is moved by before it is rounded.
    """
    clip_unit(rendered)
    if strength != 1:
        rendered -= before
        rendered *= np.float32(strength)
        rendered += before
        clip_unit(rendered)
    if target.dtype != np.float32:
        rendered *= np.float32(TOPS[target.dtype])
        rendered += np.float32(0.5)
        if added is not None:
            rendered += added
    target[...] = rendered.reshape(target.shape).astype(target.dtype)
