"""The picture as it is: the honest first row of every comparison."""

from __future__ import annotations

from relume.arrays import Picture
from relume.card import Card
from relume.filters.histogram import unchanged
from relume.render import Tone

CARD = Card(
    name="identity",
    title="Identity",
    summary="The picture unchanged; the first row of every comparison.",
    kind="classical",
    reach=0,
    keeps_gray=True,
    cost="one copy",
)


def estimate(picture: Picture) -> Tone:
    """Return the transfer f(E) = E."""
    return Tone(unchanged)
