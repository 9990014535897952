"""Global histogram equalisation of the luma.

With the cumulative histogram C of the 256 levels of the BT.601 luma, c₀ its value at the lowest
level that occurs and N the number of pixels,

    f(l) = (C(l) − c₀)/(N − c₀)

so that the lowest level becomes 0 and the highest 1, as OpenCV's `equalizeHist` has it. Each
channel moves by the change of luma, which keeps the chroma. A picture with one level is unchanged.

| domain             | range         |
|--------------------|---------------|
| encoded in [0, 1]  | [0, 1]        |
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from relume.arrays import Picture
from relume.card import Card
from relume.filters.histogram import fold, interpolated
from relume.render import Tone, histogram

CARD = Card(
    name="he",
    title="Histogram equalisation",
    summary="Spreads the luma evenly over all levels.",
    kind="classical",
    reach=None,
    keeps_gray=True,
    cost="one histogram, one pass",
)


def estimate(picture: Picture) -> Tone:
    """Return the equalising transfer function of the luma."""
    return Tone(interpolated(equalising(fold(histogram(picture, of="luma")))), by="shift")


def equalising(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the transfer function of a histogram, as a table in [0, 1]."""
    occupied = np.flatnonzero(counts)
    if occupied.size < 2:
        return np.linspace(0.0, 1.0, counts.size)
    cumulative = np.cumsum(counts)
    lowest = cumulative[occupied[0]]
    return np.maximum((cumulative - lowest) / (cumulative[-1] - lowest), 0.0)
