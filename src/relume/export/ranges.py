"""From the values a tensor takes on real pictures to the range that its 8-bit numbers span.

| calibration | range                                                                             |
|-------------|-----------------------------------------------------------------------------------|
| minmax      | the least and the largest value seen                                              |
| percentile  | cuts off a share of 5·10⁻⁵ of the values at either end                            |
| entropy     | the limits ±t, inside the values seen, whose 256 levels lose least information    |

Entropy minimises the Kullback–Leibler divergence Σ p·ln(p/q), p the histogram with what lies
outside ±t moved to the ends, q the same spread evenly over 256 levels. Source: Migacz, 8-bit
inference with TensorRT, GTC 2017.
"""

from __future__ import annotations

from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from relume.arrays import Floats
from relume.errors import UnknownNameError

Calibration = Literal["minmax", "entropy", "percentile"]
CALIBRATIONS: tuple[Calibration, ...] = get_args(Calibration)

BINS = 8192
"""Of a histogram: at least 2048 hold values, eight for each of the levels."""
LEVELS = 256
MOST = 2**18
"""Values counted of one tensor and one picture, evenly chosen; extremes are of all."""
CUT = 5e-5
"""Share of the values outside the range at either end, by percentile."""
CANDIDATES = 96
"""Limits that entropy tries, in equal ratios."""


def as_calibration(name: str) -> Calibration:
    """Return a calibration by its name. Raises: UnknownNameError."""
    for calibration in CALIBRATIONS:
        if calibration == name:
            return calibration
    raise UnknownNameError.of("calibration", name, CALIBRATIONS)


class Spread:
    """Counts the values of a tensor, picture after picture, in bins of equal width about 0."""

    def __init__(self) -> None:
        self.low, self.high = np.inf, -np.inf
        self._limit = 0.0
        self._counts = np.zeros(BINS, np.int64)

    def add(self, values: Floats) -> None:
        """Count more values; the bins become wider when these lie outside."""
        if not values.size:
            return
        self.low = min(self.low, float(values.min()))
        self.high = max(self.high, float(values.max()))
        self._widen(max(abs(self.low), abs(self.high)))
        some = values.ravel()[:: -(-values.size // MOST)]
        counts, _ = np.histogram(some, bins=BINS, range=(-self._limit, self._limit))
        self._counts += counts

    def _widen(self, needed: float) -> None:
        if not self._limit:
            self._limit = max(needed, 1e-9)
        while needed > self._limit:
            pairs = self._counts.reshape(-1, 2).sum(axis=1)
            self._counts = np.pad(pairs, BINS // 4)
            self._limit *= 2

    def range(self, calibration: Calibration) -> tuple[float, float]:
        """Return the range of the tensor's 8-bit numbers; it holds 0."""
        match calibration:
            case "minmax":
                low, high = self.low, self.high
            case "percentile":
                low, high = self._percentiles()
            case "entropy":
                low, high = self._least_divergence()
        return min(low, 0.0), max(high, 0.0)

    def _percentiles(self) -> tuple[float, float]:
        shares = np.cumsum(self._counts) / max(int(self._counts.sum()), 1)
        width = 2 * self._limit / BINS
        first, last = np.searchsorted(shares, (CUT, 1 - CUT))
        low, high = -self._limit + width * first, -self._limit + width * (last + 1)
        return max(self.low, float(low)), min(self.high, float(high))

    def _least_divergence(self) -> tuple[float, float]:
        width = 2 * self._limit / BINS
        middle = BINS // 2
        first = max(0, middle + int(np.floor(min(self.low, 0.0) / width)))
        last = min(BINS, middle + int(np.ceil(max(self.high, 0.0) / width)))
        most = max(last - middle, middle - first)
        if not most:  # nothing but zeros
            return 0.0, 0.0
        limits = np.unique(np.geomspace(min(LEVELS, most), most, CANDIDATES).astype(int))
        spans = [(max(first, middle - limit), min(last, middle + limit)) for limit in limits]
        losses = [_divergence(self._counts[first:last], a - first, b - first) for a, b in spans]
        # Of equal losses the widest range: it cuts least.
        best = max(place for place, loss in enumerate(losses) if loss <= min(losses))
        low, high = (-self._limit + width * edge for edge in spans[best])
        return max(self.low, float(low)), min(self.high, float(high))


def _divergence(counts: NDArray[Any], first: int, last: int) -> float:
    """Return what 256 levels over the bins from `first` to `last` lose of a histogram."""
    kept = counts[first:last].astype(np.float64)
    p = kept.copy()
    p[0] += counts[:first].sum()
    p[-1] += counts[last:].sum()
    level = np.arange(len(kept)) * LEVELS // len(kept)
    sums = np.bincount(level, kept, LEVELS)
    filled = np.bincount(level, kept > 0, LEVELS)
    q = np.where(kept > 0, (sums / np.maximum(filled, 1))[level], 0.0)
    # A bin that only holds what was cut off has no level: it counts as a very rare one.
    q = np.maximum(q / max(q.sum(), 1.0), 1e-12)
    p /= max(p.sum(), 1.0)
    there = p > 0
    return float((p[there] * np.log(p[there] / q[there])).sum())
