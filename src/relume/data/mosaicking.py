"""Between three channels and one sample per site, in RGGB phase."""

from __future__ import annotations

import numpy as np

from relume.arrays import Plane, Rgb

SITES = ((0, 0, 0), (0, 1, 1), (1, 0, 1), (1, 1, 2))
"""Row, column and channel of each site of a cell: R G over G B."""


def mosaicked(rgb: Rgb) -> Plane:
    """Keep of each pixel what its site sees, (H, W, 3) → (H, W)."""
    plane = np.empty(rgb.shape[:2], np.float32)
    for row, column, channel in SITES:
        plane[row::2, column::2] = rgb[row::2, column::2, channel]
    return plane


def balanced(plane: Plane, gains: tuple[float, float, float]) -> Plane:
    """Multiply each site by the gain of its channel and end at 1, where the sensor is full.

    (H, W) in [0, 1] → the same. Gains are divided by the least of them, so that a full site is
    full after it in every channel: highlights stay white instead of turning magenta.
    """
    balanced = np.empty_like(plane)
    for row, column, channel in SITES:
        gain = np.float32(gains[channel] / min(gains))
        np.minimum(plane[row::2, column::2] * gain, 1, out=balanced[row::2, column::2])
    return balanced
