"""Improved adaptive gamma correction: one treatment for dim pictures, another for bright ones.

With t = (255·mean luma − 112)/112 and the transfer function f of AGCWD on the luma:

    t < −0.3 (dim)      f with alpha 0.75 and exponents of at least 0.5
    t > 0.3  (bright)   1 − f(1 − l) with alpha 0.25, from the histogram of the negative
    else                unchanged

Source: Cao et al., Contrast enhancement of brightness-distorted images by improved adaptive gamma
correction, Computers & Electrical Engineering 66, 2018, arXiv 1709.04427, §3.

| domain             | range         |
|--------------------|---------------|
| encoded in [0, 1]  | [0, 1]        |
"""

from __future__ import annotations

from relume.arrays import Picture
from relume.card import Card, Knob
from relume.filters.histogram import fold, interpolated, mean_level, unchanged
from relume.filters.weighting import weighted_gamma
from relume.render import Tone, histogram

CARD = Card(
    name="iagcwd",
    title="IAGCWD",
    summary="AGCWD that tells dim pictures from bright ones and treats each in its own way.",
    kind="classical",
    reach=None,
    year=2018,
    paper="https://arxiv.org/abs/1709.04427",
    keeps_gray=True,
    cost="one histogram, one pass",
    knobs=(
        Knob("dim", 0.75, low=0.0, high=2.0, meaning="alpha for dim pictures; smaller is softer"),
        Knob("bright", 0.25, low=0.0, high=2.0,
             meaning="alpha for bright pictures; smaller is softer"),
        Knob("floor", 0.5, low=0.0, high=1.0,
             meaning="smallest exponent for dim pictures; smaller is brighter"),
    ),
)  # fmt: skip

MIDDLE = 112.0 / 255.0
TOLERATED = 0.3


def estimate(picture: Picture, *, dim: float, bright: float, floor: float) -> Tone:
    """Return the transfer function of the luma."""
    counts = histogram(picture, of="luma")
    departure = (mean_level(counts) - MIDDLE) / MIDDLE
    counts = fold(counts)
    if departure < -TOLERATED:
        table = weighted_gamma(counts, alpha=dim, floor=floor)
    elif departure > TOLERATED:
        table = 1.0 - weighted_gamma(counts[::-1], alpha=bright, floor=0.0)[::-1]
    else:
        return Tone(unchanged, by="luma")
    return Tone(interpolated(table), by="luma")
