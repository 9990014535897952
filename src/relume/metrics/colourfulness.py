"""Colourfulness, √(σrg² + σyb²) + 0.3·√(μrg² + μyb²), rg = R − G, yb = (R + G)/2 − B.

It describes and does not judge; 0 for gray.

Source: Hasler, Süsstrunk, Human Vision and Electronic Imaging VIII, 2003, eqs. 2–8,
doi 10.1117/12.477378.

| domain                         | range  |
|--------------------------------|--------|
| (H, W, 3) whose white is 255    | ≥ 0    |
"""

from __future__ import annotations

from math import inf
from typing import Any

import numpy as np
from numpy.typing import NDArray

from relume.metrics.descriptor import Metric

METRIC = Metric(
    name="colourfulness",
    title="Colourfulness",
    direction="none",
    unit="",
    low=0.0,
    high=inf,
    reference="none",
    protocols=("plain",),
    source="https://doi.org/10.1117/12.477378",
)


def colourfulness(picture: NDArray[Any]) -> float:
    """Measure one picture."""
    if picture.ndim == 2:
        return 0.0
    red, green, blue = (picture[..., c].astype(np.float64) for c in range(3))
    across, along = red - green, (red + green) / 2 - blue
    spread = np.hypot(across.std(), along.std())
    return float(spread + 0.3 * np.hypot(across.mean(), along.mean()))


MEASURES = {"": colourfulness}
