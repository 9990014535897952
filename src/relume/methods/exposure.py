"""More light with a soft shoulder, in linear light and without a change of hue.

With the gain M = 2^stops and m the brightest linear channel of a pixel, all three channels are
multiplied by f(M·m)/m, where f is linear up to the shoulder and reaches 1 at M, so that white stays
white and nothing is clipped (relume.colour.roll_off; Reinhard et al. 2002, eq. 4). M ≤ 1 is a plain
gain.

stops = ev + automatic, where automatic in [0, limit] brings the mean of max(R, G, B) of the encoded
result to `target`. With target = 0 the automatic part is off and `ev` is the exposure itself.

| domain             | range         |
|--------------------|---------------|
| encoded in [0, 1]  | [0, 1]        |
"""

from __future__ import annotations

from functools import partial

import numpy as np

from relume.arrays import Floats, Picture
from relume.card import Card, Knob
from relume.colour import decode_srgb, encode_srgb, roll_off, value
from relume.filters.sample import counted, thin
from relume.render import Relight

CARD = Card(
    name="exposure",
    title="Exposure with highlight roll-off",
    summary="A gain in linear light with a soft shoulder, as strong as the picture needs.",
    kind="classical",
    reach=None,
    year=2002,
    paper="https://doi.org/10.1145/566654.566575",
    keeps_gray=True,
    cost="statistics of 65 536 pixels, one pass",
    knobs=(
        Knob("target", 0.5, low=0.0, high=0.95,
             meaning="mean of the largest channel to aim at, 0 turns the automatic exposure off"),
        Knob("ev", 0.0, low=-4.0, high=8.0, meaning="stops on top of the automatic exposure"),
        Knob("shoulder", 0.8, low=0.0, high=0.95,
             meaning="linear light from which highlights are compressed instead of clipped"),
        Knob("limit", 8.0, low=0.0, high=12.0,
             meaning="most stops that the automatic exposure adds"),
    ),
)  # fmt: skip

STEPS = 12
"""Halvings of the search for the automatic exposure: 8 stops/2^12 is far under what an eye sees."""


def estimate(
    picture: Picture, *, target: float, ev: float, shoulder: float, limit: float
) -> Relight:
    """Return the gain in linear light as a function of the brightest channel."""
    stops = ev + automatic(picture, target=target, shoulder=shoulder, limit=limit)
    return relight(stops=stops, shoulder=shoulder)


def relight(*, stops: float, shoulder: float) -> Relight:
    """Return the rendering of a fixed exposure: factor f(M·m)/m for the brightest channel m."""
    return Relight(partial(factor, gain=2.0**stops, shoulder=shoulder))


def factor(brightest: Floats, *, gain: float, shoulder: float) -> Floats:
    """Return f(M·m)/m for the brightest linear channel m; a gain of 1 or less is a plain one."""
    if gain <= 1.0:
        return np.full_like(brightest, gain)
    light = brightest * gain
    rolled = roll_off(light, gain=gain, shoulder=shoulder)
    # Below the shoulder, and at black, the factor is the gain itself.
    return np.where(light > shoulder, rolled * gain / np.maximum(light, 1e-12), gain)


def automatic(picture: Picture, *, target: float, shoulder: float, limit: float) -> float:
    """Return the stops in [0, limit] that bring the mean of the encoded value to `target`.

    The mean grows with the exposure, so that halving an interval finds it; a picture that is
    bright enough already, or black, is left as it is.
    """
    levels, counts = counted(value(thin(picture)))
    if target == 0.0 or levels[-1] == 0.0:
        return 0.0
    light = decode_srgb(levels.astype(np.float64))
    shares = counts / counts.sum()

    def mean(stops: float) -> float:
        gain = 2.0**stops
        return float(shares @ encode_srgb(roll_off(light * gain, gain=gain, shoulder=shoulder)))

    low, high = 0.0, limit
    if mean(low) >= target:
        return low
    for _ in range(STEPS):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if mean(middle) < target else (low, middle)
    return high
