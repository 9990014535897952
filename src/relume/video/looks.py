"""A method's look at a frame, and painting it: what video asks of methods.

Where a look is a rendering, what it does to a pixel depends on its place and its colour alone. Two
things are not: noise that a network takes away, and the result of a network that only gives a line
(`relume.looks.lines`). Those are painted over the whole frame.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from relume.arrays import Map, Picture, Rgb
from relume.card import settle
from relume.errors import ContractError
from relume.looks.look import LINE, Look, check, rendering
from relume.render import Lift
from relume.render.placement import prepared_map, prepared_offset
from relume.runtime.method import Method

AT_LEAST = 96
"""Pixels of a side of what is looked at; smaller pictures are repeated: `relume` reduces by area,
which takes long for a picture smaller than what it looks at."""
NOISE = "amount"
"""The map of how much noise a network takes away."""


class Looker:
    """One method with settled knobs."""

    def __init__(self, method: Method, knobs: Mapping[str, float], strength: float) -> None:
        if method.card.input == "mosaic":
            raise ContractError(f"{method.card.name} starts from camera RAW; choose another method")
        self.leaves_alone = method.card.name == "identity" or strength == 0
        self.method = method
        self.knobs = settle(method.card, knobs)
        self.strength = strength

    def look(self, small: Rgb) -> Look:
        """Look at a small picture."""
        times = -(-AT_LEAST // min(small.shape[:2]))
        if times > 1:
            small = np.ascontiguousarray(np.repeat(np.repeat(small, times, axis=0), times, axis=1))
        return self.method.look(small, **self.knobs)

    def paint(self, look: Look, picture: Picture) -> Picture:
        """Paint what depends on the place and the colour of a pixel alone: noise is left."""
        if NOISE in look.maps:
            still = {**look.maps, NOISE: np.zeros_like(look.maps[NOISE])}
            look = replace(look, maps=still)
        return self.method.paint(look, picture, strength=self.strength)

    def lift(self, look: Look, *, onto: tuple[int, int]) -> Lift | None:
        """Return what `paint` renders if it is a lift, its maps' logarithms to the base 2."""
        if look.kind != "lift":
            return None
        check(look, self.method.card)
        found = rendering(look, onto=onto)
        assert isinstance(found, Lift)  # what the kind says
        pixel = np.zeros((1, 1, 3), np.float32)
        slope, offset = prepared_map(found, pixel), prepared_offset(found, pixel)
        return replace(found, slope=slope, offset=offset)

    def restore(self, look: Look, picture: Picture, out: Picture | None = None) -> Picture:
        """Paint everything, over the whole frame."""
        return self.method.paint(look, picture, strength=self.strength, out=out)

    def restores(self, look: Look) -> bool:
        """Tell whether a look does more than `paint` does."""
        return look.kind == LINE or self.calms_noise(look)

    def calms_noise(self, look: Look) -> bool:
        """Tell whether a look takes noise away."""
        amount = look.maps.get(NOISE)
        return amount is not None and bool(np.max(amount) * look.scalars.get("denoise", 1.0) > 0)


def evened(lines: Map) -> Map:
    """Give the three channels of a lift's map their mean, as it is laid over a gray picture."""
    gain = np.repeat(lines[..., :3].mean(axis=2, keepdims=True), 3, axis=2)
    return np.ascontiguousarray(np.concatenate([gain, lines[..., 3:]], axis=2))
