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
from relume.filters.sample import thin
from relume.render import Local
from relume.retinex import FLAT, GRID, SURROUNDS, light, ranks, sampled, stretch, surrounding

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
        *SURROUNDS,
        Knob("low", 1.0, low=0.0, high=20.0, meaning="per cent of the pixels that become black"),
        Knob("high", 1.0, low=0.0, high=20.0, meaning="per cent of the pixels that become white"),
        Knob("most", 3.0, low=1.0, high=256.0, meaning="largest factor of a pixel"),
        *GRID,
    ),
)


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
    around, grid = surrounding(
        picture, sigmas=(small, medium, large), reference=reference, exact=exact, of=intensity
    )
    differences = np.log(intensity(thin(picture))) - sampled(around, picture)
    bottom, top = ranks(differences, low=low, high=high)
    return Local(partial(against, bottom=bottom, top=top, most=most), around, grid)


def intensity(encoded: Floats) -> Floats:
    """Return I of pixels (…, C)."""
    return average(light(encoded))


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
