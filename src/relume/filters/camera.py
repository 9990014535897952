"""Brightness transform functions: what a camera would have recorded with k times the exposure.

| function   | formula                                              | source                      |
|------------|------------------------------------------------------|-----------------------------|
| beta_gamma | exp(b·(1 − k^a))·E^(k^a), a = −0.3293, b = 1.1258    | Ying, Li, Gao 2017, eq. 8   |
| sigmoid    | (σ + σ²)·kⁿ·E/(kⁿ·σ·E + (1 + σ − E)·σ), n 0.9, σ 0.6 | Ren et al. 2019, table I    |

Both are E at k = 1 and increase with E and k; they may pass 1.
"""

from __future__ import annotations

import numpy as np

from relume.arrays import Floats


def beta_gamma(encoded: Floats, *, ratio: float) -> Floats:
    """Return E at `ratio` times the exposure, one number; it may pass 1."""
    exponent = ratio**-0.3293
    scale = np.exp(1.1258 * (1.0 - exponent))
    return (scale * encoded**exponent).astype(encoded.dtype)


def sigmoid(encoded: Floats, *, ratio: Floats) -> Floats:
    """Return E at `ratio` times the exposure, a map that broadcasts; it may pass 1."""
    power, sigma = ratio ** ratio.dtype.type(0.9), 0.6
    below = power * sigma * encoded + (1.0 + sigma - encoded) * sigma
    return ((sigma + sigma**2) * power * encoded / below).astype(encoded.dtype)
