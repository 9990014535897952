"""A power law whose exponent brings the mean luma near a target.

γ = ln(target)/ln(mean luma), within [0.2, 5], applied to max(R, G, B); the other channels follow in
proportion. The mean of the result is near the target, not equal to it, because the mean of a power
is not the power of the mean. A black or a white picture is unchanged.

| domain             | range         |
|--------------------|---------------|
| encoded in [0, 1]  | [0, 1]        |
"""

from __future__ import annotations

from functools import partial
from math import log

from relume.arrays import Picture
from relume.card import Card, Knob
from relume.filters.histogram import mean_level, power
from relume.render import Tone, histogram

CARD = Card(
    name="auto_gamma",
    title="Automatic gamma",
    summary="A power law that brings the mean luma near a target.",
    kind="classical",
    reach=None,
    keeps_gray=True,
    cost="one histogram, one pass",
    knobs=(Knob("target", 0.5, low=0.05, high=0.95, meaning="mean luma to aim at"),),
)

SMALLEST, LARGEST = 0.2, 5.0
NOTHING = 1e-4
"""A mean this near to black or white has no usable logarithm."""


def estimate(picture: Picture, *, target: float) -> Tone:
    """Return the power law of the value."""
    exponent = gamma(mean_level(histogram(picture, of="luma")), target=target)
    return Tone(partial(power, exponent=exponent), by="value")


def gamma(mean: float, *, target: float) -> float:
    """Return the exponent that takes `mean` to `target`."""
    if not NOTHING < mean < 1.0 - NOTHING:
        return 1.0
    return min(max(log(target) / log(mean), SMALLEST), LARGEST)
