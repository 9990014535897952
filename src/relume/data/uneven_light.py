"""Where in a picture light is missing: smooth fields, and shade that ends where things end."""

from __future__ import annotations

import numpy as np

from relume.arrays import Floats, Rgb
from relume.colour import luma
from relume.filters import guided

FLAT = 2e-3
"""(0.045)²: shade follows edges of more than a dozen levels and leaves texture alone."""


def field(shape: tuple[int, ...], *, random: np.random.Generator) -> Floats:
    """Draw a smooth field in [−1, 1], (H, W, 1): a few random values, enlarged with cosines."""
    coarse = random.uniform(-1, 1, (3, 3))

    def weights(size: int) -> Floats:
        position = np.linspace(0, 2, size)[:, None]
        near = np.clip(1 - np.abs(position - np.arange(3)), 0, 1)
        return 0.5 - 0.5 * np.cos(np.pi * near)

    return (weights(shape[0]) @ coarse @ weights(shape[1]).T)[..., None]


def shade(image: Rgb, *, random: np.random.Generator) -> Floats:
    """Draw what stands in the shade, (H, W, 3) in [0, 1] → (H, W, 1) in [0, 1].

    It is what has brightness, colour and place in common, as things have, mostly what is darker:
    somebody before a window, a room with a door, or all that a flash does not reach. Borders
    follow the edges of the photo (He, Sun, Tang, IEEE TPAMI 35(6), 2013, eqs. 5–8, with luma as
    the guide).
    """
    guide = luma(image).astype(np.float64)
    likeness = (
        random.uniform(-0.5, 1.5) * _standard(guide)
        + random.uniform(-0.7, 0.7) * _standard(image[..., 0] - image[..., 2])
        + random.uniform(0.0, 1.5) * _standard(field(image.shape, random=random)[..., 0])
    )
    border = np.quantile(likeness, random.uniform(0.15, 0.75))
    softness = random.uniform(0.05, 0.4) * max(float(likeness.std()), 1e-6)
    shaded = 1 / (1 + np.exp(np.clip((likeness - border) / softness, -30, 30)))
    radius = max(1, round(random.uniform(0.02, 0.06) * min(guide.shape)))
    slope, offset = guided.lines(
        guide, shaded, prior=np.zeros_like(guide), radius=radius, epsilon=FLAT
    )
    return np.clip(slope * guide + offset, 0, 1)[..., None]


def _standard(values: Floats) -> Floats:
    return (values - values.mean()) / max(float(values.std()), 1e-6)
