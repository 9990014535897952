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

from relume.arrays import Picture
from relume.card import Card, Knob
from relume.render import Local
from relume.retinex import GRID, stretched, surrounding

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
        *GRID,
    ),
)


def estimate(
    picture: Picture, *, sigma: float, low: float, high: float, reference: float, exact: float
) -> Local:
    """Return the logarithm of the surround, and the stretched difference to it."""
    around, grid = surrounding(picture, sigmas=(sigma,), reference=reference, exact=exact)
    return stretched(picture, around, grid, low=low, high=high)
