"""Low-light enhancement with a camera response model (LECARM).

Each pixel is given the exposure its illumination asks for: E′ = g(E, min(1/T, most)), g the sigmoid
camera response (filters/camera.py), T the smooth illumination of LIME at half size.

Source: Ren, Ying, Li, Li, LECARM: Low-light image enhancement using the camera response model, IEEE
TCSVT 29(4), 2019, doi 10.1109/TCSVT.2018.2828141.

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
from relume.filters.camera import sigmoid
from relume.filters.illumination import refine
from relume.filters.size import ENOUGH, working_size
from relume.render import Local, centred, reduce

CARD = Card(
    name="lecarm",
    title="LECARM",
    summary="Gives each pixel the exposure its illumination asks for, by a camera response.",
    kind="classical",
    reach=None,
    year=2019,
    paper="https://doi.org/10.1109/TCSVT.2018.2828141",
    keeps_gray=True,
    cost="a sparse system on at most 1.5 megapixels, one pass",
    knobs=(
        Knob("most", 7.0, low=1.0, high=32.0,
             meaning="largest exposure ratio; 1 keeps the picture"),
        Knob("alpha", 0.15, low=0.0, high=2.0, meaning="smoothness of the illumination"),
        Knob("exact", 0.0, low=0.0, high=1.0, whole=True,
             meaning="1 smooths at half size, however large that is"),
    ),
)  # fmt: skip

SIGMA, RADIUS = 2.0, 2
PUBLISHED = 2.0
"""Reduction that alpha is meant for."""


def estimate(picture: Picture, *, most: float, alpha: float, exact: float) -> Local:
    """Return the illumination as lines in the value of a pixel, and the exposure it asks for."""
    height, width = picture.shape[:2]
    pixels = height * width if exact else ENOUGH
    (h, w), factor = working_size(height, width, most=pixels, least=PUBLISHED)
    brightest = value(reduce(picture, height=h, width=w))
    smooth = refine(brightest, alpha=alpha, strategy=3, sigma=SIGMA, radius=RADIUS,
                    factor=factor / PUBLISHED)  # fmt: skip
    return Local(
        partial(expose, low=float(smooth.min()), high=float(smooth.max()), most=most),
        guided.carrier(brightest, smooth, factor=factor),
        centred((h, w), (height, width)),
    )


def expose(encoded: Floats, lines: Floats, *, low: float, high: float, most: float) -> Floats:
    """Return pixels (…, C) at the exposure of their illumination."""
    illumination = guided.carried(encoded, lines, low=low, high=high)
    return sigmoid(encoded, ratio=1.0 / np.clip(illumination, 1.0 / most, 1.0))
