"""Looks kept steady along time: what changes slowly is followed, what flickers is averaged.

The look at time t is the mean of the looks nearby, each place by itself:

    look(t) = Σ w_k look_k / Σ w_k
    w_k = exp(−½ ((t − t_k) / calm)²) · exp(−½ ((g_t − g_k) / CHANGE)²)

with g the log light of the place (`small.guide`). So noise, for which g stays, is averaged over
about twice `calm`; a lamp switched on, or something bright that enters, changes g, and the looks
from before it are not asked any more from that very frame on. This is a bilateral filter along time
(Tomasi & Manduchi, ICCV 1998) whose range is the light, not the look. Looks of another scene are
never asked.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from relume.arrays import Map
from relume.looks.look import Look, Small
from relume.looks.several import can_blend
from relume.video.small import Plane, spread

CHANGE = 0.3
"""Stops that a place's light changes by before it counts as another light. Noise changes the mean
over a cell of the guide by a hundredth of it."""
REACH = 2.0
"""Looks farther than this many times `calm` are not asked: they would weigh under 14 %."""
LEAST = 1e-6
"""Weight that every look of the scene has, so that a light nobody saw takes the nearest in time."""


@dataclass(frozen=True, eq=False)
class Sighting:
    """A look, when it was taken, in seconds, and the light it was taken in."""

    time: float
    look: Look
    guide: Plane


class Steady:
    """Remembers the looks of a scene and tells the steady look at a time."""

    def __init__(self, calm: float) -> None:
        self._calm = calm
        self._sightings: deque[Sighting] = deque()

    def begin_scene(self) -> None:
        """Forget what was seen before a cut."""
        self._sightings.clear()

    def add(self, sighting: Sighting) -> None:
        """Remember a look; times rise."""
        self._sightings.append(sighting)

    def forget_before(self, time: float) -> None:
        """Let go of looks that no frame from `time` on asks for, but for the last one."""
        oldest = time - REACH * self._calm
        while len(self._sightings) > 1 and self._sightings[1].time <= oldest:
            self._sightings.popleft()

    def at(self, time: float, guide: Plane) -> Look:
        """Return the look at a time in the light of `guide`."""
        near = [one for one in self._sightings if abs(one.time - time) <= REACH * self._calm]
        if not near or self._calm <= 0:
            return min(self._sightings, key=lambda one: abs(one.time - time)).look
        first = near[0].look
        near = [one for one in near if can_blend(first, one.look)]
        weights = _weights(near, time, guide, self._calm)
        shares = weights.mean(axis=(1, 2))
        over = _Spread(weights)
        maps = {
            name: _mean([one.look.maps[name] for one in near], over, shares) for name in first.maps
        }
        scalars = {
            name: float(np.average([one.look.scalars[name] for one in near], weights=shares))
            for name in first.scalars
        }
        return replace(first, maps=maps, scalars=scalars)


def _weights(near: Sequence[Sighting], time: float, guide: Plane, calm: float) -> Map:
    """Return (looks, h, w), summing to 1 over the looks."""
    apart = np.array([(one.time - time) / calm for one in near], np.float32)
    change = np.stack([one.guide - guide for one in near]) / np.float32(CHANGE)
    power = -0.5 * (np.square(apart)[:, None, None] + np.square(change))
    weights = np.exp(power) + np.float32(LEAST) * np.exp(-np.abs(apart))[:, None, None]
    return np.asarray(weights / weights.sum(axis=0), np.float32)


def _mean(maps: Sequence[Small], weights: _Spread, shares: NDArray[np.floating[Any]]) -> Small:
    """Average maps of places by the weights of places, anything else by the mean weights."""
    first = maps[0]
    if first.ndim < 3 or min(first.shape[:2]) < 2:
        return np.einsum("i,i...->...", shares, np.stack(maps)).astype(first.dtype)
    total = np.zeros_like(first)
    for one, weight in zip(maps, weights.over(*first.shape[:2]), strict=True):
        total += one * weight[..., None]
    return total


class _Spread:
    """Weights of places, spread over maps of any size, once for each size."""

    def __init__(self, weights: Map) -> None:
        self._weights = weights
        self._found: dict[tuple[int, int], list[Plane]] = {}

    def over(self, tall: int, wide: int) -> list[Plane]:
        """Return a weight for each sample of a map, for each look."""
        if (tall, wide) not in self._found:
            self._found[tall, wide] = [spread(each, tall, wide) for each in self._weights]
        return self._found[tall, wide]
