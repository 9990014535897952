"""Sums and means under a window that is the same along both axes."""

from __future__ import annotations

import numpy as np

from relume.arrays import Floats


def weighted_sum(plane: Floats, weights: Floats) -> Floats:
    """Sum (h, w) under the outer product of `weights` with itself, zero outside the plane."""
    for axis in (0, 1):
        plane = sum_along(plane, weights, axis=axis)
    return plane


def sum_along(plane: Floats, weights: Floats, *, axis: int) -> Floats:
    """Sum (h, w) along one axis under an odd number of `weights`, zero outside the plane."""
    size, radius = plane.shape[axis], weights.size // 2
    around = [(0, 0), (0, 0)]
    around[axis] = (radius, radius)
    padded = np.moveaxis(np.pad(plane, around), axis, 0)
    total = np.zeros_like(padded[:size])
    for shift, weight in enumerate(weights):
        total += weight * padded[shift : shift + size]
    return np.moveaxis(total, 0, axis)


def mean(plane: Floats, *, radius: int) -> Floats:
    """Average (h, w) over (2·radius + 1)² pixels, mirrored at the border."""
    padded = np.pad(plane, radius, mode="symmetric")
    height, width = plane.shape
    side = range(2 * radius + 1)
    lines = sum(padded[k : k + height] for k in side)
    return sum(lines[:, k : k + width] for k in side) / plane.dtype.type((2 * radius + 1) ** 2)  # pyright: ignore[reportReturnType, reportIndexIssue]  (sums of arrays)
