"""HDR gain maps: what turns a picture into its rendering for brighter displays.

    alternate = (base + offset_base) · 2^G − offset_alternate

with base and alternate in linear light of the base's primaries, 1 being diffuse white, and G the
gains of the map. A display with less headroom than the map's takes a share of G.

Source: ISO 21496-1:2025, clauses 5 and 6; Adobe, Gain Map Specification 1.0 (2023).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from relume.frozen import frozen

Light: TypeAlias = NDArray[np.float32]
Triple: TypeAlias = tuple[float, float, float]
"""Of red, green and blue; three equal ones for a map of one channel."""


@frozen(eq=False)
class GainMap:
    """A map and the light of the picture it was made for.

    `gains` are (h, w, 1) or (h, w, 3), stops at full headroom, in [least, most]; `base` is
    (h, w, 3), linear light in [0, 1] of the picture at the map's size, upright as the map is.
    """

    gains: Light
    base: Light | None
    least: Triple
    most: Triple
    offset_base: Triple
    offset_alternate: Triple
    headroom_base: float
    """Stops over diffuse white up to which a display shows the base as it is."""
    headroom: float
    """Stops over diffuse white from which a display shows all of the map."""
    uses_base_primaries: bool = True


def for_picture(found: GainMap, light: Light) -> GainMap:
    """Return the map for another picture of the same scene, whose light (h, w, 3) is given.

    Let S and H be base and alternate of the old picture, S′ the new base and E what the old map
    would make of it. The new alternate is

        H′ = min(E, max(H, S′))

    so that highlights are as bright as they were, what the new base lifts over them is as bright
    as in the base, and what is darkened is so in both. For S′ = S it is H. G′ is clipped to the
    range of the map, so nothing is brighter than its headroom states.
    """
    if found.base is None:
        return found
    before = _channels(found.base, found)
    after = _channels(light, found)
    offset, other = _triple(found.offset_base, found), _triple(found.offset_alternate, found)
    factor = np.exp2(found.gains)
    high = np.maximum((before + offset) * factor - other, 0.0)
    risen = np.maximum((after + offset) * factor - other, 0.0)
    wanted = np.minimum(risen, np.maximum(high, after))
    gains = np.log2((wanted + other) / np.maximum(after + offset, 1e-6))
    gains = np.where(after == before, found.gains, gains)
    gains = np.clip(gains, _triple(found.least, found), _triple(found.most, found))
    return replace(found, gains=gains.astype(np.float32), base=light)


def _triple(numbers: Triple, found: GainMap) -> NDArray[np.float32]:
    return np.array(numbers[: found.gains.shape[2]], np.float32)


def _channels(light: Light, found: GainMap) -> Light:
    """Return light in as many channels as the map has: its brightest one for a map of one, as what
    is white must not grow over the headroom."""
    return light.max(axis=2, keepdims=True) if found.gains.shape[2] == 1 else light
