"""Entropy of the gray levels, −Σ p·log₂ p over the 256 bins of the histogram of MATLAB's gray.

It describes and does not judge: noise raises it.

Source: Shannon, Bell System Technical Journal 27, 1948, theorem 2.

| domain                                  | range          |
|-----------------------------------------|----------------|
| (H, W) or (H, W, 3) whose white is 255   | [0, 8] bits     |
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from relume.metrics.descriptor import Metric
from relume.metrics.planes import gray_matlab

METRIC = Metric(
    name="entropy",
    title="Entropy",
    direction="none",
    unit="bits",
    low=0.0,
    high=8.0,
    reference="none",
    protocols=("plain",),
    source="https://doi.org/10.1002/j.1538-7305.1948.tb01338.x",
)


def entropy(picture: NDArray[Any]) -> float:
    """Measure one picture."""
    counts = np.bincount(gray_matlab(picture).astype(np.intp).ravel(), minlength=256)
    shares = counts[counts > 0] / counts.sum()
    return max(float(-(shares * np.log2(shares)).sum()), 0.0)  # not −0 for a flat picture


MEASURES = {"": entropy}
