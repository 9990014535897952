"""A soft shoulder for highlights in linear light.

    f(x) = x                                      x ≤ k, or M ≤ 1
    f(x) = k + (1 − k)·u·(1 + u/U²)/(1 + u)       else, u = (x − k)/(1 − k), U = (M − k)/(1 − k)

The extended curve of Reinhard et al. 2002 (eq. 4, doi 10.1145/566654.566575) above the shoulder k:
slope 1 there, increasing, concave, f(M) = 1, and the identity as M → 1.

| domain            | range    |
|-------------------|----------|
| light in [0, M]   | [0, 1]   |
"""

from __future__ import annotations

import numpy as np

from relume.arrays import Floats


def roll_off(light: Floats, *, gain: float, shoulder: float) -> Floats:
    """Compress light, `gain` times what was captured, above the shoulder."""
    if gain <= 1.0:
        return light
    over = np.maximum(light - shoulder, 0.0) / (1.0 - shoulder)
    most = (gain - shoulder) / (1.0 - shoulder)
    compressed = shoulder + (1.0 - shoulder) * over * (1.0 + over / most**2) / (1.0 + over)
    return np.where(light <= shoulder, light, compressed).astype(light.dtype)
