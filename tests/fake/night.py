"""A generated night picture: a dim gradient, a lamp that nearly clips, a coloured wall, noise."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def night(height: int, width: int, *, seed: int = 7) -> NDArray[np.float32]:
    """Return (height, width, 3) float32 in [0, 1], mostly dark, the same for the same arguments."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width].astype(np.float32)
    y, x = (y + 0.5) / height, (x + 0.5) / width
    wall = 0.02 + 0.10 * x[..., None] * np.array([1.0, 0.7, 0.45], np.float32)
    stripes = 0.03 * (np.sin(40 * y) > 0)[..., None] * np.array([0.3, 0.5, 1.0], np.float32)
    lamp = 0.9 * np.exp(-(((x - 0.7) ** 2 + (y - 0.3) ** 2) / 0.01))[..., None]
    light = wall + stripes + lamp * np.array([1.0, 0.95, 0.8], np.float32)
    noise = random.standard_normal(light.shape).astype(np.float32) * np.sqrt(light) * 0.02
    return np.clip(light + noise, 0, 1).astype(np.float32)
