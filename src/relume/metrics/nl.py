"""Noise level: how much grain a picture has, as a standard deviation in levels of 8 bits.

σ = median |L ∗ N| / (6 · 0.6745), L the luma, N = [1 −2 1; −2 4 −2; 1 −2 1], which what is linear
along rows or columns does not reach, and whose result on white noise has 6 σ. The median instead of
the mean leaves out edges and most texture. It describes and does not judge: a picture that was
smoothed away has none.

Source: Immerkær, Computer Vision and Image Understanding 64, 1996 (N); Donoho and Johnstone,
Biometrika 81, 1994 (the median over 0.6745).

| domain                                  | range          |
|-----------------------------------------|----------------|
| (H, W) or (H, W, 3) whose white is 255   | ≥ 0 levels      |
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from relume.metrics.descriptor import Metric
from relume.metrics.planes import luma_unrounded, require_finite, require_size

METRIC = Metric(
    name="nl",
    title="Noise level",
    direction="none",
    unit="levels",
    low=0.0,
    high=255.0,
    reference="none",
    protocols=("plain",),
    source="https://doi.org/10.1006/cviu.1996.0060",
)

GAIN = 6.0
"""Root of the sum of N's squares: what N makes of a standard deviation of 1."""
MEDIAN = 0.6745
"""Median of the absolute values of a standard normal distribution."""


def nl(picture: NDArray[Any]) -> float:
    """Measure one picture of at least 3 pixels a side."""
    require_size(picture, least=3, what="nl")
    require_finite(picture, what="nl")
    luma = luma_unrounded(picture)
    across = luma[:, :-2] - 2.0 * luma[:, 1:-1] + luma[:, 2:]
    both = across[:-2] - 2.0 * across[1:-1] + across[2:]
    return float(np.median(np.abs(both))) / (GAIN * MEDIAN)


MEASURES = {"": nl}
