"""Statistics of a whole picture from a regular lattice of its pixels."""

from __future__ import annotations

from math import isqrt

import numpy as np
from numpy.typing import NDArray

from relume.arrays import Map, Picture, Rgb
from relume.levels import to_rgb

Index = NDArray[np.intp]

ENOUGH = 2**16
"""The standard error of a mean of so many is under 0.002 (0.5/√65536), half an 8-bit level."""


def lattice(height: int, width: int, *, most: int = ENOUGH) -> tuple[Index, Index]:
    """Return evenly spaced rows and columns, from half a step on, of at most `most` pixels."""
    step = max(isqrt(height * width // most), 1)
    while -(-height // step) * -(-width // step) > most:
        step += 1
    return (
        np.arange(min(step // 2, height - 1), height, step),
        np.arange(min(step // 2, width - 1), width, step),
    )


def thin(picture: Picture, *, most: int = ENOUGH) -> Rgb:
    """Take at most `most` pixels on a lattice, unaltered.

    (H, W) or (H, W, 3) → (h, w, 3) float32 in [0, 1].
    """
    rows, columns = lattice(picture.shape[0], picture.shape[1], most=most)
    return to_rgb(picture[np.ix_(rows, columns)])


def counted(values: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.intp]]:
    """Return the values there are, in order, and how often each is there.

    As `np.unique` does, which loads a part of NumPy for it that nothing else here needs.
    """
    ordered = np.sort(values, axis=None)
    first = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1])))
    return ordered[first], np.diff(first, append=len(ordered))


def read(small: Map, *, size: tuple[int, int], most: int = ENOUGH) -> Map:
    """Return a small map, laid over a picture of `size`, at the pixels that `thin` takes."""
    for axis, places in enumerate(lattice(*size, most=most)):
        count = small.shape[axis]
        position = np.clip((places + 0.5) * (count / size[axis]) - 0.5, 0.0, count - 1.0)
        first = position.astype(np.intp)
        shape = [1, 1, 1]
        shape[axis] = -1
        weight = (position - first).astype(small.dtype).reshape(shape)
        near = small.take(first, axis=axis)
        small = near + weight * (small.take(np.minimum(first + 1, count - 1), axis=axis) - near)
    return small
