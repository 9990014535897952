"""Multi-scale Retinex with colour restoration (MSRCR).

R_c = ln S_c − Σ_k ln(G_σk * S_c)/3 with S = 255·E + 1, weighted by how much of the pixel's colour
the channel is, R′_c = ln(125·S_c/(S_R + S_G + S_B))·R_c, and stretched between two ranks of each
channel. A constant picture is unchanged.

Source: Jobson, Rahman, Woodell, A multiscale Retinex for bridging the gap between color images and
the human observation of scenes, IEEE TIP 6(7), 1997, eqs. 4 and 7, doi 10.1109/83.597272; β and the
final gain are in the stretch, as in Petro, Sbert, Morel, IPOL 4, 2014, doi 10.5201/ipol.2014.107.

| domain             | range         |
|--------------------|---------------|
| encoded in [0, 1]  | [0, 1]        |
"""

from __future__ import annotations

from functools import partial

import numpy as np

from relume.arrays import Floats, Map, Picture
from relume.card import Card, Knob
from relume.filters.channels import average
from relume.filters.sample import thin
from relume.render import Local
from relume.retinex import FLAT, GRID, SURROUNDS, light, ranks, sampled, stretch, surrounding

CARD = Card(
    name="msrcr",
    title="MSRCR",
    summary="Multi-scale Retinex with the colours restored.",
    kind="classical",
    reach=None,
    year=1997,
    paper="https://doi.org/10.1109/83.597272",
    keeps_gray=True,
    cost="three wide Gaussians on a reduced picture, one pass with logarithms",
    knobs=(
        *SURROUNDS,
        Knob("low", 1.0, low=0.0, high=20.0, meaning="per cent of a channel to become black"),
        Knob("high", 1.0, low=0.0, high=20.0, meaning="per cent of a channel to become white"),
        *GRID,
    ),
)


RESTORATION = 125.0
"""α of the paper."""


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
    restored = restore(thin(picture), sampled(around, picture))
    ends = [ranks(restored[..., c], low=low, high=high) for c in range(3)]
    return Local(partial(against, ends=np.array(ends, np.float32)), around, grid)


def restore(encoded: Floats, around: Map) -> Floats:
    """Return R′ of pixels (…, 3) with their surrounds."""
    samples = light(encoded)
    logs = np.log(samples)
    colour = logs + np.log(samples.dtype.type(RESTORATION / 3.0) / average(samples))
    return (colour * (logs - around)).astype(encoded.dtype)


def against(encoded: Floats, around: Map, *, ends: Floats) -> Floats:
    """Return pixels (…, C) with their colour restored and stretched to `ends`, (3, 2)."""
    bottom, top = ends[:, 0], ends[:, 1]
    if (top - bottom < FLAT).any():
        return encoded
    rgb = encoded if encoded.shape[-1] == 3 else np.repeat(encoded, 3, axis=-1)
    return stretch(restore(rgb, around), low=bottom, high=top)[..., : encoded.shape[-1]]
