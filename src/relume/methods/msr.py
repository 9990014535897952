"""Multi-scale Retinex: each channel against the logarithms of three surrounds.

R_c = ln S_c − Σ_k ln(G_σk * S_c)/3 with S = 255·E + 1, stretched between two ranks that the
channels share. A constant picture is unchanged.

Source: Jobson, Rahman, Woodell, A multiscale Retinex for bridging the gap between color images and
the human observation of scenes, IEEE TIP 6(7), 1997, eq. 4, doi 10.1109/83.597272; the stretch is
that of Petro, Sbert, Morel, IPOL 4, 2014, doi 10.5201/ipol.2014.107.

| domain             | range         |
|--------------------|---------------|
| encoded in [0, 1]  | [0, 1]        |
"""

from __future__ import annotations

from functools import partial

import numpy as np

from relume.arrays import Floats, Map, Picture
from relume.card import Card, Knob
from relume.filters.retinex import (
    ENOUGH,
    FINEST,
    FLAT,
    light,
    ranks,
    stretch,
    surround,
    widths,
)
from relume.filters.sample import read, thin
from relume.filters.size import working_size
from relume.render import Local, centred, reduce

CARD = Card(
    name="msr",
    title="Multi-scale Retinex",
    summary="The logarithm of each channel against three blurred surrounds.",
    kind="classical",
    reach=None,
    year=1997,
    paper="https://doi.org/10.1109/83.597272",
    keeps_gray=True,
    cost="three wide Gaussians on a reduced picture, one pass with logarithms",
    knobs=(
        Knob("small", 15.0, low=1.0, high=1000.0, meaning="width σ of the first surround, pixels"),
        Knob("medium", 80.0, low=1.0, high=1000.0, meaning="width σ of the second surround"),
        Knob("large", 250.0, low=1.0, high=1000.0, meaning="width σ of the third surround"),
        Knob("low", 1.0, low=0.0, high=20.0, meaning="per cent of the samples that become black"),
        Knob("high", 1.0, low=0.0, high=20.0, meaning="per cent of the samples that become white"),
        Knob("reference", 0.0, low=0.0, high=10000.0,
             meaning="shorter side that the widths are meant for; 0 takes pixels as they are"),
        Knob("exact", 0.0, low=0.0, high=1.0, whole=True, meaning="1 blurs at full size"),
    ),
)  # fmt: skip


def estimate(
    picture: Picture,
    *,
    small: float,
    medium: float,
    large: float,
    low: float,
    high: float,
    reference: float,
    exact: float,
) -> Local:
    """Return the mean logarithm of the surrounds, and the stretched difference to it."""
    size = (picture.shape[0], picture.shape[1])
    sigmas = widths((small, medium, large), size=size, reference=reference)
    most = size[0] * size[1] if exact else ENOUGH
    (h, w), factor = working_size(*size, most=most, largest=max(min(sigmas) / FINEST, 1.0))
    samples = light(reduce(picture, height=h, width=w))
    around = surround(samples, sigmas=sigmas, factor=factor)
    differences = np.log(light(thin(picture))) - read(around, size=size)
    bottom, top = ranks(differences, low=low, high=high)
    return Local(partial(against, bottom=bottom, top=top), around, centred((h, w), size))


def against(encoded: Floats, around: Map, *, bottom: float, top: float) -> Floats:
    """Return the stretched difference of pixels (…, C) to their surrounds."""
    if top - bottom < FLAT:
        return encoded
    differences = np.log(light(encoded)) - around[..., : encoded.shape[-1]]
    return stretch(differences, low=bottom, high=top)
