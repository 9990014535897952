"""`auto`: look at the picture, choose a method, and say why in one line.

Two numbers in stops decide. *Need* is the exposure that would bring the mean of max(R, G, B) to the
middle of the scale. *Room* is the exposure that would bring the highlights, the pixel that only
0.5 % of the others exceed, to white. A photo taken too dark has both, and gets

    stops = min(need, room + SPARE)

What that leaves of the need is shadow beside full highlights: up to BACKLIT stops it is a scene
that is dark by intent and stays so; beyond, `fusion` lifts the shadows and keeps the highlights.

SPARE and BACKLIT were chosen on the training pictures of LOL-v1 and SICE and on photographs
darkened evenly and from one side (`python benchmarks/auto.py`), never on a test set.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import log2

import numpy as np

from relume.arrays import Picture
from relume.colour import decode_srgb, value
from relume.filters.sample import thin
from relume.methods.exposure import automatic

AUTO = "auto"

AIM = 0.5
"""Mean of max(R, G, B) that counts as well exposed."""
HIGHLIGHTS = 0.995
"""Quantile of max(R, G, B) that is taken for white; above it are lamps and glints."""
SPARE = 0.3
"""Stops beyond the room: the roll-off takes them from the highlights without clipping."""
BACKLIT = 1.25
"""Stops of need that an exposure may leave; lower lifts more shadows, but also moody pictures."""
NOTICEABLE = 0.1
"""Stops under which nobody sees a difference."""
SHOULDER = 0.8
MOST = 8.0
"""Stops: eight bits hold no more."""


@dataclass(frozen=True)
class Choice:
    """What `auto` decided for one picture."""

    method: str
    reason: str
    knobs: Mapping[str, float] = field(default_factory=dict[str, float])


def choose(picture: Picture) -> Choice:
    """Choose a method for a picture by what its pixels are like."""
    need = automatic(picture, target=AIM, shoulder=SHOULDER, limit=MOST)
    if need < NOTICEABLE:
        return Choice("identity", "well exposed, left alone")
    room = stops_to_white(picture)
    stops = min(need, room + SPARE, MOST)
    if need - stops > BACKLIT:
        reason = f"bright beside dark: {need:.1f} stops dark, highlights leave room for {room:.1f}"
        return Choice("fusion", reason)
    limited = ", as far as the highlights allow" if stops < need else ""
    return Choice(
        "exposure",
        f"{need:.1f} stops dark, lifted by {stops:.1f}{limited}",
        {"target": 0.0, "ev": stops, "shoulder": SHOULDER},
    )


def stops_to_white(picture: Picture) -> float:
    """Return how many stops of exposure bring the highlights of a picture to white."""
    brightest = np.quantile(value(thin(picture)), HIGHLIGHTS)
    light = float(decode_srgb(np.asarray(brightest, np.float64)))
    return min(-log2(light), MOST) if light > 0.0 else MOST
