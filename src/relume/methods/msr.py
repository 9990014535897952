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

from relume.arrays import Picture
from relume.card import Card, Knob
from relume.render import Local
from relume.retinex import GRID, SURROUNDS, stretched, surrounding

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
        *SURROUNDS,
        Knob("low", 1.0, low=0.0, high=20.0, meaning="per cent of the samples that become black"),
        Knob("high", 1.0, low=0.0, high=20.0, meaning="per cent of the samples that become white"),
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
    reference: float,
    exact: float,
) -> Local:
    """Return the mean logarithm of the surrounds, and the stretched difference to it."""
    around, grid = surrounding(
        picture, sigmas=(small, medium, large), reference=reference, exact=exact
    )
    return stretched(picture, around, grid, low=low, high=high)
