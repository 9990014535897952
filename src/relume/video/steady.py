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
from functools import cached_property
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from relume.arrays import Map
from relume.looks.look import Look, Small
from relume.looks.several import can_blend
from relume.video.small import Plane, spread_all

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

    @cached_property
    def placed(self) -> dict[tuple[int, int], list[str]]:
        """Names of the maps of places, by their sizes."""
        found: dict[tuple[int, int], list[str]] = {}
        for name, values in self.look.maps.items():
            if values.ndim == 3 and min(values.shape[:2]) > 1:
                found.setdefault((values.shape[0], values.shape[1]), []).append(name)
        return found

    @cached_property
    def planes(self) -> dict[tuple[int, int], NDArray[np.floating[Any]]]:
        """All channels of the maps of a size, (channels, h, w): long rows are quickly added."""
        return {
            size: np.concatenate([self.look.maps[name].transpose(2, 0, 1) for name in names])
            for size, names in self.placed.items()
        }


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
        near = [one for one in near if one.look is first or can_blend(first, one.look)]
        weights = _weights(near, time, guide, self._calm)
        shares = weights.mean(axis=(1, 2), dtype=np.float64)
        shares /= shares.sum()  # what is the same in all looks stays so
        maps = _means(near, weights, shares)
        scalars = {
            name: float(shares @ [one.look.scalars[name] for one in near]) for name in first.scalars
        }
        return replace(first, maps=maps, scalars=scalars)


def _weights(near: Sequence[Sighting], time: float, guide: Plane, calm: float) -> Map:
    """Return (looks, h, w), summing to 1 over the looks."""
    apart = np.array([(one.time - time) / calm for one in near], np.float32)
    change = np.stack([one.guide - guide for one in near]) / np.float32(CHANGE)
    power = -0.5 * (np.square(apart)[:, None, None] + np.square(change))
    weights = np.exp(power) + np.float32(LEAST) * np.exp(-np.abs(apart))[:, None, None]
    return np.asarray(weights / weights.sum(axis=0), np.float32)


def _means(
    near: Sequence[Sighting], weights: Map, shares: NDArray[np.floating[Any]]
) -> dict[str, Small]:
    """Average maps of places by the weights of places, anything else by the mean weights."""
    first = near[0].look.maps
    means: dict[str, Small] = {}
    for size, names in near[0].placed.items():
        total = np.zeros_like(near[0].planes[size])
        part = np.empty_like(total)
        for one, weight in zip(near, spread_all(weights, *size), strict=True):
            np.multiply(one.planes[size], weight, out=part)
            total += part
        depths = [first[name].shape[2] for name in names]
        parts = np.split(total, np.cumsum(depths)[:-1])
        for name, planes in zip(names, parts, strict=True):
            mean = np.ascontiguousarray(planes.transpose(1, 2, 0))
            means[name] = cast(Small, mean.astype(first[name].dtype, copy=False))
    for name, values in first.items():
        if name not in means:
            stacked = np.stack([one.look.maps[name] for one in near])
            means[name] = np.einsum("i,i...->...", shares, stacked).astype(values.dtype)
    return means
