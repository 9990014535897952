"""Transfer functions on 256 levels, whatever the depth of the picture."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray

from relume.arrays import Floats

LEVELS = 256


def fold(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Count 256 levels from a histogram of 256 or 65 536: level l becomes round(255·l/65535)."""
    if counts.size == LEVELS:
        return counts
    top = counts.size - 1
    nearest = (np.arange(counts.size) * (LEVELS - 1) * 2 + top) // (2 * top)
    return np.bincount(nearest, weights=counts, minlength=LEVELS).astype(np.int64)


def mean_level(counts: NDArray[np.int64]) -> float:
    """Return the mean of a histogram of any number of levels, in [0, 1]."""
    return float(counts @ np.arange(counts.size) / (counts.sum() * (counts.size - 1.0)))


def interpolated(table: NDArray[np.float64]) -> Callable[[Floats], Floats]:
    """Return the function that is `table` at its levels in [0, 1] and straight between them."""
    return partial(between, table=table)


def between(encoded: Floats, *, table: NDArray[np.float64]) -> Floats:
    """Return what a table of evenly spaced levels in [0, 1] holds, straight between them."""
    return np.interp(encoded, np.linspace(0.0, 1.0, table.size), table).astype(encoded.dtype)


def power(encoded: Floats, *, exponent: float) -> Floats:
    """Return E^exponent."""
    return encoded**exponent


def unchanged(encoded: Floats) -> Floats:
    """Return E."""
    return encoded
