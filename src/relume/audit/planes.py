"""Small planes: blurred, shrunk, and read between their pixels.

Nothing here is one large matrix product: an audit works on several pictures at a time, and the
threads that a linear-algebra library starts for each product would only wait for each other.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

from relume.arrays import Floats

_BLOCK = 16
"""Samples that are blurred by one small matrix: with the 18 around them a product stays under the
size (2¹⁸ multiplications) from which OpenBLAS starts threads."""


def blur(planes: Floats, *, sigma: float) -> Floats:
    """Average (…, H, W) under a Gaussian of `sigma` pixels with mirrored borders."""
    matrix = _band(sigma)
    reach = (matrix.shape[1] - _BLOCK) // 2
    # Down: (…, blocks, BLOCK + 2·reach, W), each block from the rows around it.
    height, width = planes.shape[-2:]
    padded = _mirrored(planes, reach, axis=-2)
    *outer, _, _ = padded.shape
    *steps, row, column = padded.strides
    shape = (*outer, -(-height // _BLOCK), matrix.shape[1], width)
    blocks = as_strided(padded, shape, (*steps, row * _BLOCK, row, column), writeable=False)
    planes = (matrix @ blocks).reshape(*outer, -1, width)[..., :height, :]
    # Across: (…, blocks, H, BLOCK + 2·reach).
    padded = _mirrored(planes, reach, axis=-1)
    *steps, row, column = padded.strides
    shape = (*outer, -(-width // _BLOCK), height, matrix.shape[1])
    blocks = as_strided(padded, shape, (*steps, column * _BLOCK, row, column), writeable=False)
    across = np.moveaxis(blocks @ matrix.T, -3, -2).reshape(*outer, height, -1)
    return across[..., :width]


def shrink(plane: Floats, height: int, width: int) -> Floats:
    """Return (height, width), no larger than the plane, each pixel a mean under a triangle."""
    if plane.shape == (height, width):
        return plane
    rows, down = _triangles(plane.shape[0], height)
    columns, across = _triangles(plane.shape[1], width)
    return _weigh(_weigh(plane, rows, down).T, columns, across).T


def sample(plane: Floats, *, rows: Floats, columns: Floats) -> Floats:
    """Return (len(rows), len(columns)) between the pixels, linearly; positions lie inside."""
    return _weigh(_weigh(plane, *_taps(rows, plane.shape[0])).T, *_taps(columns, plane.shape[1])).T


def _weigh(plane: Floats, index: NDArray[np.intp], weights: Floats) -> Floats:
    """Return the weighted sums of rows: (taps, count) of each → (count, W)."""
    total = weights[0][:, None] * plane[index[0]]
    for row, weight in zip(index[1:], weights[1:], strict=True):
        total += weight[:, None] * plane[row]
    return total


def _mirrored(planes: Floats, reach: int, *, axis: int) -> Floats:
    """Repeat planes at their borders, and at the far end up to whole blocks."""
    size = planes.shape[axis]
    place = np.arange(-reach, -(-size // _BLOCK) * _BLOCK + reach) % (2 * size)
    return np.take(planes, np.where(place < size, place, 2 * size - 1 - place), axis=axis)


@lru_cache(maxsize=16)
def _band(sigma: float) -> Floats:
    """Return the (BLOCK, BLOCK + 2·reach) matrix of a Gaussian."""
    reach = int(np.ceil(3.0 * sigma))
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    matrix = np.zeros((_BLOCK, _BLOCK + 2 * reach))
    for row in range(_BLOCK):
        matrix[row, row : row + weights.size] = weights / weights.sum()
    return matrix.astype(np.float32)


@lru_cache(maxsize=256)  # sizes differ from picture to picture
def _triangles(size: int, count: int) -> tuple[NDArray[np.intp], Floats]:
    step = size / count
    centres = (np.arange(count) + 0.5) * step - 0.5
    reach = int(np.ceil(step))
    index = np.floor(centres).astype(np.intp) + np.arange(-reach, reach + 2)[:, None]
    weights = np.maximum(1.0 - np.abs(centres - index) / step, 0.0)
    weights[(index < 0) | (index >= size)] = 0.0
    return np.clip(index, 0, size - 1), (weights / weights.sum(axis=0)).astype(np.float32)


def _taps(positions: Floats, size: int) -> tuple[NDArray[np.intp], Floats]:
    below = np.clip(np.floor(positions).astype(np.intp), 0, max(size - 2, 0))
    part = np.asarray(positions - below, np.float32)
    return np.stack([below, np.minimum(below + 1, size - 1)]), np.stack([1.0 - part, part])
