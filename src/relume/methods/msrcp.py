"""Multi-scale Retinex with chromaticity preservation (MSRCP).

The intensity I = (S_R + S_G + S_B)/3, S = 255·E + 1, becomes I′ = 255·f(ln I − Σ_k ln(G_σk * I)/3)
with f the stretch between two ranks, and all channels are multiplied by min(I′/I, most, 255/max S),
so that hue and saturation stay. A constant picture is unchanged.

Source: Petro, Sbert, Morel, Multiscale Retinex, IPOL 4, 2014, algorithm 2,
doi 10.5201/ipol.2014.107; the largest factor of 3 is that of its program.

| domain             | range         |
|--------------------|---------------|
| encoded in [0, 1]  | [0, 1]        |
"""

from __future__ import annotations

from functools import partial

import numpy as np

from relume.arrays import Floats, Map, Picture
from relume.card import Card, Knob
from relume.filters.channels import average, largest
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
    name="msrcp",
    title="MSRCP",
    summary="Multi-scale Retinex of the intensity; the colours stay.",
    kind="classical",
    reach=None,
    year=2014,
    paper="https://doi.org/10.5201/ipol.2014.107",
    keeps_gray=True,
    cost="three wide Gaussians on a reduced picture, one pass with logarithms",
    knobs=(
        Knob("small", 15.0, low=1.0, high=1000.0, meaning="width σ of the first surround, pixels"),
        Knob("medium", 80.0, low=1.0, high=1000.0, meaning="width σ of the second surround"),
        Knob("large", 250.0, low=1.0, high=1000.0, meaning="width σ of the third surround"),
        Knob("low", 1.0, low=0.0, high=20.0, meaning="per cent of the pixels that become black"),
        Knob("high", 1.0, low=0.0, high=20.0, meaning="per cent of the pixels that become white"),
        Knob("most", 3.0, low=1.0, high=256.0, meaning="largest factor of a pixel"),
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
    most: float,
    reference: float,
    exact: float,
) -> Local:
    """Return the mean logarithm of the surrounds, and the stretched difference to it."""
    size = (picture.shape[0], picture.shape[1])
    sigmas = widths((small, medium, large), size=size, reference=reference)
    pixels = size[0] * size[1] if exact else ENOUGH
    (h, w), factor = working_size(*size, most=pixels, largest=max(min(sigmas) / FINEST, 1.0))
    samples = average(light(reduce(picture, height=h, width=w)))
    around = surround(samples, sigmas=sigmas, factor=factor)
    differences = np.log(average(light(thin(picture)))) - read(around, size=size)
    bottom, top = ranks(differences, low=low, high=high)
    how = partial(against, bottom=bottom, top=top, most=most)
    return Local(how, around, centred((h, w), size))


def against(encoded: Floats, around: Map, *, bottom: float, top: float, most: float) -> Floats:
    """Return pixels (…, C) multiplied so that their intensity is the stretched difference."""
    if top - bottom < FLAT:
        return encoded
    samples = light(encoded)
    middle = average(samples)
    target = stretch(np.log(middle) - around, low=bottom, high=top) * samples.dtype.type(255.0)
    room = samples.dtype.type(255.0) / largest(samples)
    factor = np.minimum(np.minimum(target / middle, most), room)
    # The 1 that light() adds is taken off again, so that black stays black.
    return (factor * samples - 1.0) / samples.dtype.type(255.0)
