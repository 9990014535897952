"""Single-scale Retinex: each channel against the logarithm of its surround.

R_c = ln S_c − ln(G_σ * S_c) with S = 255·E + 1, stretched between two ranks that the channels
share. A constant picture is unchanged.

Source: Jobson, Rahman, Woodell, Properties and performance of a center/surround Retinex, IEEE TIP
6(3), 1997, eq. 1, doi 10.1109/83.557356; the stretch is that of Petro, Sbert, Morel, IPOL 4, 2014.

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
    name="ssr",
    title="Single-scale Retinex",
    summary="The logarithm of each channel against its blurred surround.",
    kind="classical",
    reach=None,
    year=1997,
    paper="https://doi.org/10.1109/83.557356",
    keeps_gray=True,
    cost="one wide Gaussian on a reduced picture, one pass with logarithms",
    knobs=(
        Knob("sigma", 80.0, low=1.0, high=1000.0, meaning="width σ of the surround, pixels"),
        Knob("low", 1.0, low=0.0, high=20.0, meaning="per cent of the samples that become black"),
        Knob("high", 1.0, low=0.0, high=20.0, meaning="per cent of the samples that become white"),
        Knob("reference", 0.0, low=0.0, high=10000.0,
             meaning="shorter side that the widths are meant for; 0 takes pixels as they are"),
        Knob("exact", 0.0, low=0.0, high=1.0, whole=True, meaning="1 blurs at full size"),
    ),
)  # fmt: skip


def estimate(
    picture: Picture, *, sigma: float, low: float, high: float, reference: float, exact: float
) -> Local:
    """Return the logarithm of the surround, and the stretched difference to it."""
    size = (picture.shape[0], picture.shape[1])
    sigmas = widths((sigma,), size=size, reference=reference)
    most = size[0] * size[1] if exact else ENOUGH
    (h, w), factor = working_size(*size, most=most, largest=max(min(sigmas) / FINEST, 1.0))
    samples = light(reduce(picture, height=h, width=w))
    around = surround(samples, sigmas=sigmas, factor=factor)
    differences = np.log(light(thin(picture))) - read(around, size=size)
    bottom, top = ranks(differences, low=low, high=high)
    return Local(partial(against, bottom=bottom, top=top), around, centred((h, w), size))


def against(encoded: Floats, around: Map, *, bottom: float, top: float) -> Floats:
    """Return the stretched difference of pixels (…, C) to their surround."""
    if top - bottom < FLAT:
        return encoded
    differences = np.log(light(encoded)) - around[..., : encoded.shape[-1]]
    return stretch(differences, low=bottom, high=top)
