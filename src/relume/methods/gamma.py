"""A fixed power law.

E′ = E^gamma on each encoded channel (specification: 0.4545 is 1/2.2). 0 → 0, 1 → 1, monotone.

| domain        | range         |
|---------------|---------------|
| E in [0, 1]   | E′ in [0, 1]  |
"""

from __future__ import annotations

from functools import partial

from relume.arrays import Picture
from relume.card import Card, Knob
from relume.filters.histogram import power
from relume.render import Tone

CARD = Card(
    name="gamma",
    title="Gamma",
    summary="A fixed power law on every channel; under 1 is brighter.",
    kind="classical",
    reach=0,
    keeps_gray=True,
    cost="one table look-up per sample",
    knobs=(
        Knob(
            "gamma",
            0.4545,
            low=0.05,
            high=5.0,
            meaning="exponent of the power law; smaller is brighter",
        ),
    ),
)


def estimate(picture: Picture, *, gamma: float) -> Tone:
    """Return the transfer f(E) = E^gamma."""
    return Tone(partial(power, exponent=gamma))
