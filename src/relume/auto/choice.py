"""`auto`: `relume`, unless a picture is to be left alone; and why, in one line.

Two numbers in stops decide how far an exposure goes. *Need* is what would bring the mean of
max(R, G, B) to the middle of the scale. *Room* is what would bring the highlights, the pixel that
only 0.5 % of the others exceed, to white. A photo taken too dark has both, and an even exposure
would gain it

    stops = min(need, room + SPARE)

What gains less than anyone would see, and whose darkest third would not lie deep in shadow, is left
alone. So is what is dark because it was meant to be: a screenshot or drawing, and a sky of stars.
Everything else is for `relume`, which finds the light, the colour and the noise of each place.

SPARE and DEEP were chosen on the training pictures of LOL-v1 and SICE and on photographs darkened
evenly and from one side (`python benchmarks/auto.py`), never on a test set.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import log2
from typing import TypeVar

import numpy as np

from relume.arrays import Floats, Picture
from relume.auto.scene import is_drawn, is_starry
from relume.colour import decode_srgb, encode_srgb, value
from relume.filters.sample import thin
from relume.frozen import frozen
from relume.methods.exposure import automatic

AUTO = "auto"
METHODS = ("identity", "relume")
"""What it chooses from."""
ADJUSTED = "relume"
"""The method of knobs that are given without one."""
NOT_OF_AUTO = "`auto` sets its own knobs: leave it out for those of relume, or name another method"

Named = TypeVar("Named")

AIM = 0.5
"""Mean of max(R, G, B) that counts as well exposed."""
HIGHLIGHTS = 0.995
"""Quantile of max(R, G, B) that is taken for white; above it are lamps and glints."""
SPARE = 0.3
"""Stops beyond the room: the roll-off takes them from the highlights without clipping."""
DEEP = 0.1
"""Mean of max(R, G, B), encoded, of a darkest third that is deep in shadow. Lower spares more
low-key pictures, higher lifts more backlit ones: 7 of 63 photographs that were right as they were
fall under it, and 9 of 16 whose lower half was four stops under."""
NOTICEABLE = 0.1
"""Stops under which nobody sees a difference."""
SHOULDER = 0.8
MOST = 8.0
"""Stops: eight bits hold no more."""


def unless_named(method: Named | None, knobs: Mapping[str, float]) -> Named | str:
    """Return the method that was named; else auto, or the one whose knobs are given."""
    return method if method is not None else ADJUSTED if knobs else AUTO


@frozen
class Choice:
    """What `auto` decided for one picture."""

    method: str
    reason: str


def choose(picture: Picture) -> Choice:
    """Choose a method for a picture by what its pixels are like."""
    pixels = thin(picture)
    if (pixels == pixels[0, 0]).all():
        return Choice("identity", "the same everywhere, left alone")
    levels = np.sort(value(pixels), axis=None).astype(np.float64)
    need = automatic(picture, target=AIM, shoulder=SHOULDER, limit=MOST)
    stops = min(need, stops_to_white(levels) + SPARE, MOST)
    shadows = decode_srgb(levels[: -(-len(levels) // 3)]) * 2.0**stops
    is_deep = encode_srgb(np.minimum(shadows, 1.0)).mean() < DEEP
    if stops < NOTICEABLE and not is_deep:
        return Choice("identity", "well exposed, left alone")
    if is_drawn(picture):
        return Choice("identity", "a screenshot or drawing, left alone")
    if is_starry(picture):
        return Choice("identity", "a sky of stars, left alone")
    if is_deep:
        return Choice("relume", "bright light beside deep shadow")
    return Choice("relume", f"about {need:.1f} stops dark")


def stops_to_white(levels: Floats) -> float:
    """Return how many stops bring the highlights of encoded levels to white, at most MOST.

    The levels are in order, so that their quantile lies between two of them.
    """
    place = HIGHLIGHTS * (len(levels) - 1)
    below = int(place)
    near = levels[below : below + 2]
    light = float(decode_srgb(near[:1] + (place - below) * (near[-1:] - near[:1]))[0])
    return min(-log2(light), MOST) if light > 0.0 else MOST
