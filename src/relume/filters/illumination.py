"""How strongly neighbouring pixels of an illumination map hold together (LIME and its kin).

With the forward differences d of a map, the weight of an edge is

    I     alpha/(|d| + ε)
    II    alpha/(|d| + ε)²
    III   alpha·Σg/((|Σ g·d| + ε)·(|d| + ε)),   g(r) = exp(−r²/(2σ²)) over a square window

Source: Guo, Li, Ling, IEEE TIP 26(2), 2017, eqs. 14–16 and 19, doi 10.1109/TIP.2016.2639450; the
differences count as 0 outside the picture.
"""

from __future__ import annotations

from math import ceil

import numpy as np

from relume.arrays import Floats
from relume.filters.windows import weighted_sum
from relume.filters.wls import solve

SMALLEST = 1e-3
"""ε: a difference of a quarter of an 8-bit level."""
DARKEST = 1e-3
"""A picture whose 99.5th percentile is under it is black: there is nothing to smooth."""


def edge_weights(
    illumination: Floats, *, alpha: float, strategy: int, sigma: float, radius: int
) -> tuple[Floats, Floats]:
    """Return the weights across (h, w − 1) and down (h − 1, w) of a map (h, w) in [0, 1]."""
    offsets = np.arange(-radius, radius + 1)
    window = np.exp(-(offsets**2) / (2.0 * sigma**2)).astype(illumination.dtype)
    total = weighted_sum(np.ones_like(illumination), window) if strategy == 3 else None
    weights: list[Floats] = []
    for axis in (1, 0):
        step = np.diff(illumination, axis=axis, append=illumination.take([-1], axis=axis))
        near = np.abs(step) + SMALLEST
        if total is not None:
            weight = alpha * total / ((np.abs(weighted_sum(step, window)) + SMALLEST) * near)
        else:
            weight = alpha / near**strategy
        weights.append(weight)
    return weights[0][:, :-1], weights[1][:-1]


def refine(
    brightest: Floats, *, alpha: float, strategy: int, sigma: float, radius: int, factor: float
) -> Floats:
    """Smooth the initial illumination max(R, G, B), keeping its edges.

    The weights are not invariant to the exposure: solved for the map over its 99.5th percentile,
    so that a dark picture is treated as its well-exposed twin. `factor` is by how much the map was
    reduced: the window shrinks with it, and as differences between pixels then span more, alpha
    too; of alpha/factor^p, p = 1 comes nearest to the full size (measured against ½, 1½ and 2).
    """
    top = float(np.quantile(brightest, 0.995))
    if top < DARKEST:
        return brightest
    map_ = brightest / top
    across, down = edge_weights(
        map_,
        alpha=alpha / factor,
        strategy=strategy,
        sigma=sigma / factor,
        radius=ceil(radius / factor),
    )
    return (solve(map_, across, down) * top).astype(brightest.dtype)
