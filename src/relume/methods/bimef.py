"""Bio-inspired multi-exposure fusion (BIMEF): the picture and a brighter one, by illumination.

T̂ = max(R, G, B) is smoothed to T at half size with edge weights

    a = smoothness/(|Σ₅ ∂T̂|·|∂T̂| + 0.001),   Σ₅ over five pixels along the difference

J = g(E, k) − 0.01, g the beta-gamma camera response, is the picture at k times the exposure, with
the k in [1, 7] that gives the badly exposed pixels (T < 0.5) the most entropy;

    E′ = w·E + (1 − w)·J,   w = T^weight

With `ratio` ≥ 1 it is k, and the 0.01 is not taken off, so that 1 keeps the picture.

Source: Ying, Li, Gao, A bio-inspired multi-exposure fusion framework for low-light image
enhancement, 2017, arXiv 1711.00591, eqs. 5–14; 0.001, 0.01 and the 50 × 50 sample are those of the
authors' program.

| domain             | range         |
|--------------------|---------------|
| encoded in [0, 1]  | [0, 1]        |
"""

from __future__ import annotations

from functools import partial

import numpy as np

from relume.arrays import Floats, Picture
from relume.card import Card, Knob
from relume.colour import value
from relume.filters import guided
from relume.filters.camera import beta_gamma
from relume.filters.size import ENOUGH, working_size
from relume.filters.windows import sum_along
from relume.filters.wls import solve
from relume.render import Local, centred, reduce

CARD = Card(
    name="bimef",
    title="BIMEF",
    summary="Fuses the picture with a brighter exposure of itself, by its illumination.",
    kind="classical",
    reach=None,
    year=2017,
    paper="https://arxiv.org/abs/1711.00591",
    keeps_gray=True,
    cost="a sparse system on at most 1.5 megapixels, one pass",
    knobs=(
        Knob("ratio", 0.0, low=0.0, high=16.0,
             meaning="exposure of the brighter picture, from 1; less finds it"),
        Knob("weight", 0.5, low=0.0, high=2.0,
             meaning="how soon the illumination prefers the picture itself; larger is brighter"),
        Knob("smoothness", 0.5, low=0.0, high=5.0, meaning="smoothness of the illumination"),
        Knob("exact", 0.0, low=0.0, high=1.0, whole=True,
             meaning="1 smooths at half size, however large that is"),
    ),
)  # fmt: skip

PUBLISHED = 2.0
"""Reduction that the smoothness is meant for."""
FLOOR = 0.001
"""Added to the product of differences: the square of eight 8-bit levels."""
BAD = 0.5
"""Illumination under which a pixel is badly exposed."""
OFFSET = 0.01
RATIOS = (1.0, 7.0)
SAMPLE = 50


def estimate(
    picture: Picture, *, ratio: float, weight: float, smoothness: float, exact: float
) -> Local:
    """Return the illumination as lines in the value of a pixel, and the blend it decides."""
    height, width = picture.shape[:2]
    most = height * width if exact else ENOUGH
    (h, w), factor = working_size(height, width, most=most, least=PUBLISHED)
    brightest = value(reduce(picture, height=h, width=w))
    across, down = edge_weights(brightest, smoothness=smoothness * PUBLISHED / factor)
    illumination = solve(brightest, across, down).astype(np.float32)
    offset = 0.0
    if ratio < RATIOS[0]:
        ratio, offset = best_ratio(badly_exposed(picture, illumination)), OFFSET
    return Local(
        partial(blend, low=float(illumination.min()), high=float(illumination.max()),
                ratio=ratio, offset=offset, weight=weight),
        guided.carrier(brightest, illumination, factor=factor),
        centred((h, w), (height, width)),
    )  # fmt: skip


def edge_weights(illumination: Floats, *, smoothness: float) -> tuple[Floats, Floats]:
    """Return the weights across (h, w − 1) and down (h − 1, w) of a map in [0, 1]."""
    weights: list[Floats] = []
    five = np.ones(5, illumination.dtype)
    for axis in (1, 0):
        step = np.diff(illumination, axis=axis, append=illumination.take([-1], axis=axis))
        wide = sum_along(step, five, axis=axis)
        weights.append(smoothness / (np.abs(wide * step) + FLOOR))
    return weights[0][:, :-1], weights[1][:-1]


def badly_exposed(picture: Picture, illumination: Floats) -> Floats:
    """Return the geometric mean of R, G and B where the illumination is low, of a small sample."""
    h, w = (min(SAMPLE, size) for size in illumination.shape)
    sample = reduce(picture, height=h, width=w)
    dark = reduce((illumination < BAD).astype(np.float32), height=h, width=w)
    return np.cbrt(sample.prod(axis=-1))[dark[..., 0] > 0.5]


def best_ratio(levels: Floats) -> float:
    """Return the exposure ratio that gives `levels` the most entropy; 1 when there are none."""
    if levels.size == 0:
        return RATIOS[0]

    def best(ratios: Floats) -> float:
        # The first of equals: the smallest.
        return float(ratios[np.argmax([entropy(beta_gamma(levels, ratio=k)) for k in ratios])])

    low, high = RATIOS
    coarse = best(np.linspace(low, high, 61))
    return best(np.linspace(max(coarse - 0.1, low), min(coarse + 0.1, high), 21))


def entropy(levels: Floats) -> float:
    """Return the Shannon entropy, in bits, of values on 256 levels of [0, 1]."""
    counts = np.bincount(np.rint(255.0 * np.clip(levels, 0.0, 1.0)).astype(np.intp))
    shares = counts[counts > 0] / levels.size
    return float(-(shares * np.log2(shares)).sum())


def blend(
    encoded: Floats,
    lines: Floats,
    *,
    low: float,
    high: float,
    ratio: float,
    offset: float,
    weight: float,
) -> Floats:
    """Blend pixels (…, C) with their brighter exposure."""
    illumination = np.maximum(guided.carried(encoded, lines, low=low, high=high), 0.0)
    brighter = np.clip(beta_gamma(encoded, ratio=ratio) - offset, 0.0, 1.0)
    return brighter + illumination ** encoded.dtype.type(weight) * (encoded - brighter)
