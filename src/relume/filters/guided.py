"""Carry a small map over to the full picture with the picture's own edges.

In each window of the small picture, the map p is fitted by a line in the guide g,

    slope = (cov(g, p) + epsilon·prior)/(var(g) + epsilon),   offset = mean(p) − slope·mean(g)

and both are averaged over the windows that hold a pixel. At full size the map is slope·g + offset
with slope and offset enlarged linearly. The prior is 0 for a smooth map, which has no detail of its
own, and the known derivative for a picture
(He, Sun, Tang, IEEE TPAMI 35(6), 2013, eqs. 5–8,
doi 10.1109/TPAMI.2012.213; He, Sun 2015, arXiv 1505.00996).
"""

from __future__ import annotations

import numpy as np

from relume.arrays import Floats, Map, Plane, Rgb
from relume.filters.channels import largest
from relume.filters.windows import mean

RADIUS = 1
EPSILON = 1e-4
"""(0.01)²: a line follows edges of more than a few levels; larger windows and ε lie farther from
the map of the full size (measured)."""


def lines(
    guide: Floats, target: Floats, *, prior: Floats, radius: int, epsilon: float
) -> tuple[Floats, Floats]:
    """Return slope and offset of (h, w) maps; where the guide is flat, the slope is the prior's."""
    middle, level = mean(guide, radius=radius), mean(target, radius=radius)
    spread = np.maximum(mean(guide * guide, radius=radius) - middle * middle, 0.0)
    common = mean(guide * target, radius=radius) - middle * level
    weight = guide.dtype.type(epsilon)
    slope = (common + weight * mean(prior, radius=radius)) / (spread + weight)
    offset = level - slope * middle
    return mean(slope, radius=radius), mean(offset, radius=radius)


def carrier(brightest: Floats, target: Floats, *, factor: float) -> Map:
    """Return a map's slope and offset over max(R, G, B), (h, w, 2); at full size the map itself."""
    if factor == 1.0:
        slope, offset = np.zeros_like(target), target
    else:
        slope, offset = lines(
            brightest, target, prior=np.zeros_like(target), radius=RADIUS, epsilon=EPSILON
        )
    return np.stack([slope, offset], axis=-1).astype(np.float32)


def carried(encoded: Floats, lines: Floats, *, low: float, high: float) -> Floats:
    """Return the map at pixels (…, C) from slope and offset there, (…, 2) → (…, 1)."""
    return np.clip(lines[..., :1] * largest(encoded) + lines[..., 1:], low, high)


def colour_lines(guide: Rgb, target: Rgb, *, prior: Plane, factor: float) -> tuple[Map, Map]:
    """Return slope and offset that lead from each channel of a small picture to the target's.

    (h, w, 3) each; `prior` is the derivative of the target by the guide, with which detail is
    rendered that the small picture does not have. At full size the target itself, slope 0.
    """
    if factor == 1.0:
        return np.zeros_like(target), target
    channels = [
        lines(guide[..., c], target[..., c], prior=prior, radius=RADIUS, epsilon=EPSILON)
        for c in range(3)
    ]
    slope, offset = (np.stack(parts, axis=-1) for parts in zip(*channels, strict=True))
    return slope.astype(np.float32), offset.astype(np.float32)
