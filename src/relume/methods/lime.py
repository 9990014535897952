"""Low-light image enhancement by an illumination map (LIME).

T̂ = max(R, G, B) is smoothed to T, keeping its edges, and the picture is divided by it:

    min over T of  Σ (T − T̂)² + Σ alpha·W·(∂T)²/(|∂T̂| + ε)              the sped-up solver
    min over T of  Σ (T − T̂)² + alpha·Σ W·|∂T|                           with `iterations` > 0
    E′ = E·max(T, darkest)^(exponent − 1)

W is one of the paper's three weights. The paper's γ is 1 − exponent: 1 keeps the picture, smaller
is brighter. Large pictures are solved at 1.5 megapixels, and T is enlarged with their own edges;
`exact` = 1 solves at full size.

Source: Guo, Li, Ling, LIME: Low-light image enhancement via illumination map estimation, IEEE TIP
26(2), 2017, eqs. 3, 8–19, doi 10.1109/TIP.2016.2639450. Alpha, σ and γ are those of the authors'
demonstration; T̂ is scaled to its 99.5th percentile before, since W is not invariant to exposure.

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
from relume.filters import guided, shrinkage
from relume.filters.illumination import refine
from relume.filters.size import ENOUGH, working_size
from relume.render import Local, centred, reduce

CARD = Card(
    name="lime",
    title="LIME",
    summary="Divides the picture by a smooth map of its illumination.",
    kind="classical",
    reach=None,
    year=2017,
    paper="https://doi.org/10.1109/TIP.2016.2639450",
    keeps_gray=True,
    cost="a sparse system on 1.5 megapixels, one pass",
    knobs=(
        Knob("exponent", 0.2, low=0.0, high=1.0,
             meaning="what remains of the illumination; smaller is brighter, 1 keeps the picture"),
        Knob("alpha", 0.15, low=0.0, high=2.0, meaning="smoothness of the illumination"),
        Knob("strategy", 3.0, low=1.0, high=3.0, whole=True,
             meaning="weights of the paper: 1 uniform, 2 by gradient, 3 by windowed gradient"),
        Knob("darkest", 0.01, low=0.001, high=1.0,
             meaning="smallest illumination divided by; larger limits the gain"),
        Knob("iterations", 0.0, low=0.0, high=150.0, whole=True,
             meaning="steps of the paper's exact solver, 0 for its sped-up solver; slow"),
        Knob("exact", 0.0, low=0.0, high=1.0, whole=True, meaning="1 solves at full size"),
    ),
)  # fmt: skip

SIGMA, RADIUS = 2.0, 2
"""Of the window of the third weights."""
FEW = 250_000
"""Pixels the paper's exact solver works on: about 0.1 s per step."""


def estimate(
    picture: Picture,
    *,
    exponent: float,
    alpha: float,
    strategy: float,
    darkest: float,
    iterations: float,
    exact: float,
) -> Local:
    """Return the illumination as lines in the value of a pixel, and the division by it."""
    height, width = picture.shape[:2]
    most = height * width if exact else FEW if iterations else ENOUGH
    (h, w), factor = working_size(height, width, most=most)
    brightest = value(reduce(picture, height=h, width=w))
    if iterations:
        smooth = shrinkage.smooth(brightest, alpha=alpha, strategy=int(strategy), sigma=SIGMA,
                                  radius=RADIUS, iterations=int(iterations))  # fmt: skip
    else:
        smooth = refine(brightest, alpha=alpha, strategy=int(strategy), sigma=SIGMA,
                        radius=RADIUS, factor=factor)  # fmt: skip
    return Local(
        partial(divide, low=float(smooth.min()), high=float(smooth.max()),
                darkest=darkest, exponent=exponent),
        guided.carrier(brightest, smooth, factor=factor),
        centred((h, w), (height, width)),
    )  # fmt: skip


def divide(
    encoded: Floats, lines: Floats, *, low: float, high: float, darkest: float, exponent: float
) -> Floats:
    """Divide pixels (…, C) by T^(1 − exponent)."""
    illumination = np.maximum(guided.carried(encoded, lines, low=low, high=high), darkest)
    return encoded * illumination ** encoded.dtype.type(exponent - 1.0)
