"""Statistics over the channels of a pixel, (…, C) → (…, 1).

Channel by channel: a reduction along an axis of three is ten times slower.
"""

from __future__ import annotations

import numpy as np

from relume.arrays import Floats


def largest(samples: Floats) -> Floats:
    """Return the largest channel."""
    top = samples[..., :1]
    for channel in range(1, samples.shape[-1]):
        top = np.maximum(top, samples[..., channel : channel + 1])
    return top


def average(samples: Floats) -> Floats:
    """Return the mean of the channels."""
    total = samples[..., :1].copy()
    for channel in range(1, samples.shape[-1]):
        total += samples[..., channel : channel + 1]
    return total / samples.dtype.type(samples.shape[-1])
