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
        Knob("small", 15.0, low=1.0, high=1000.0, meaning="width σ of the first surround, pixels"),
        Knob("medium", 80.0, low=1.0, high=1000.0, meaning="width σ of the second surround"),
        Knob("large", 250.0, low=1.0, high=1000.0, meaning="width σ of the third surround"),
        Knob("low", 1.0, low=0.0, high=20.0, meaning="per cent of a channel to become black"),
        Knob("high", 1.0, low=0.0, high=20.0, meaning="per cent of a channel to become white"),
        Knob("reference", 0.0, low=0.0, high=10000.0,
             meaning="shorter side that the widths are meant for; 0 takes pixels as they are"),
        Knob("exact", 0.0, low=0.0, high=1.0, whole=True, meaning="1 blurs at full size"),
    ),
)  # fmt: skip


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
    size = (picture.shape[0], picture.shape[1])
    sigmas = widths((small, medium, large), size=size, reference=reference)
    most = size[0] * size[1] if exact else ENOUGH
    (h, w), factor = working_size(*size, most=most, largest=max(min(sigmas) / FINEST, 1.0))
    samples = light(reduce(picture, height=h, width=w))
    around = surround(samples, sigmas=sigmas, factor=factor)
    restored = restore(thin(picture), read(around, size=size))
    ends = [ranks(restored[..., c], low=low, high=high) for c in range(3)]
    return Local(partial(against, ends=np.array(ends, np.float32)), around, centred((h, w), size))


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
