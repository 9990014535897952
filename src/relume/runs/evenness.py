"""Even light over a series: from how each picture differs from the one before, how much to correct.

The light of a series is followed from picture to picture by the median over the pixels of the
change of log luma: what moves, or a lamp that lights a part of the scene, changes few pixels and
does not count. The changes add up to a level for each picture, in stops. The levels are smoothed
over time, by a line fitted around each with weights that fall off as a Gaussian: a slow change of
light, as dusk, is followed without delay. The correction is what is left,

    stops = smoothed level − level

There are two levels, of the darkest and of the brightest third of the pixels: a method that brings
each picture to one brightness moves shadows against lights where the exposure hunts, and one number
would even the ones by making the others flicker. Between them the correction is a line over log
luma.

A scene ends where pictures stop resembling each other, where time makes a leap, and where the level
steps and stays. Scenes are smoothed apart, so that nothing leaks over a cut.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from relume.arrays import Floats, Rgb
from relume.colour import decode_srgb

FAINT = -9.0
"""log2 of the linear luma under which a pixel is black, and tells nothing of the light."""
LEAST_LIT = 0.02
"""Share of the pixels that must tell something."""
SIDES = (24, 32)
"""Height and width of a small picture: a hand's shake moves little of it."""
FLOOR = 2.0**-12
"""Linear luma that is added, so that noise in black does not count for much."""
REACH = 5.0
"""Standard deviation of the weights, in pictures of the usual distance."""
LEAP = 30.0
"""Usual distances after which pictures are of another scene."""
ALIKE = 0.5
"""Correlation of log luma under which two pictures are of different scenes."""
STEP = 0.4
"""Stops by which a level must step, and stay, to be a change of the light that is kept; more where
the scene flickers more."""
OUTLYING = 3 * 1.4826
"""Times the median size of its changes: three standard deviations, were they normal."""
STAYS = 3
"""Pictures on each side that tell whether a step stays."""
APART = 1.0
"""Stops between the darkest and the brightest third under which they are corrected as one."""
ENOUGH = 192
"""Pixels that thirds are taken of; the medians of fewer would be noise."""
STEEPEST = 0.8
"""Of a stop per stop that a correction may take back, so that dark stays darker than bright."""
_WEIGHTS = np.array([0.2126, 0.7152, 0.0722])


@dataclass(frozen=True, eq=False)
class Glimpse:
    """What is kept of one picture: log2 of its linear luma, small, and when it was taken."""

    stops: NDArray[np.float16]
    """(24, 32), or smaller for a smaller picture."""
    seconds: float | None = None

    @property
    def mean(self) -> float:
        """Mean log2 luma."""
        return float(self.stops.astype(np.float64).mean())


def glimpse(small: Rgb, *, seconds: float | None = None) -> Glimpse:
    """Return what is kept of a reduced picture, (H, W, 3) sRGB-encoded in [0, 1]."""
    luma = decode_srgb(small.astype(np.float64)) @ _WEIGHTS
    return Glimpse(np.log2(luma + FLOOR).astype(np.float16), seconds)


@dataclass(frozen=True)
class Move:
    """By how many stops a picture's light is to be changed, by how bright a pixel is."""

    dark: float = 0.0
    """At `low` and below."""
    bright: float = 0.0
    """At `high` and above; between them it is a line over log2 of linear light."""
    low: float = -1.0
    high: float = 0.0

    def at(self, stops: Floats) -> Floats:
        """Return the change for each log2 of linear light."""
        return np.interp(stops, [self.low, self.high], [self.dark, self.bright])


def corrections(series: Sequence[Glimpse]) -> list[Move]:
    """Return for each picture how its light is to be changed."""
    found: list[Move] = []
    where = positions(series)
    for first, last in scenes(series):
        found += _moves(series[first:last], where[first:last])
    return found


def _moves(scene: Sequence[Glimpse], where: Floats) -> list[Move]:
    pairs = [_thirds(before, after) for before, after in pairwise(scene)]
    places = [place for _, place in pairs if place is not None]
    low, high = np.median(places, axis=0) if places else (0.0, 0.0)
    if high - low < APART:
        level = levels(scene)
        return [Move(float(stops), float(stops)) for stops in smoothed(level, where) - level]
    changes = np.array([change for change, _ in pairs])
    level = np.concatenate([np.zeros((1, 2)), np.cumsum(changes, axis=0)])
    left = np.stack([smoothed(level[:, side], where) for side in (0, 1)], axis=1) - level
    most = STEEPEST * float(high - low)
    return [
        Move(float(dark), max(float(bright), float(dark) - most), float(low), float(high))
        for dark, bright in left
    ]


def positions(series: Sequence[Glimpse]) -> Floats:
    """Return when pictures were taken, in usual distances; by their order where it is unknown."""
    times = [one.seconds for one in series]
    if any(time is None for time in times) or len(series) < 2:
        return np.arange(len(series), dtype=np.float64)
    gaps = np.diff(np.array(times, np.float64))
    usual = float(np.median(gaps[gaps > 0])) if (gaps > 0).any() else 1.0
    # Pictures of one second have one time: they are still one after another.
    return np.concatenate([[0.0], np.cumsum(np.maximum(gaps / usual, 0.05))])


def scenes(series: Sequence[Glimpse]) -> list[tuple[int, int]]:
    """Return the first picture of each scene and the one after its last."""
    where = positions(series)
    cuts = {
        index
        for index in range(1, len(series))
        if where[index] - where[index - 1] > LEAP or not _alike(series[index - 1], series[index])
    }
    bounds = [0, *sorted(cuts), len(series)]
    for first, last in pairwise(bounds):
        cuts |= {first + step for step in _steps(levels(series[first:last]))}
    bounds = [0, *sorted(cuts), len(series)]
    return [pair for pair in pairwise(bounds) if pair[0] < pair[1]]


def levels(scene: Sequence[Glimpse]) -> Floats:
    """Return the light of each picture of a scene against the first, in stops."""
    changes = [_change(before, after) for before, after in pairwise(scene)]
    return np.concatenate([[0.0], np.cumsum(changes)]) if changes else np.zeros(len(scene))


def _thirds(before: Glimpse, after: Glimpse) -> tuple[tuple[float, float], Floats | None]:
    """Return the median changes of the darkest and the brightest third, and their log luma."""
    first, second = (one.stops.astype(np.float64) for one in (before, after))
    lit = np.maximum(first, second) > FAINT
    whole = _change(before, after)
    if np.count_nonzero(lit) < ENOUGH:
        return (whole, whole), None
    change, place = (second - first)[lit], 0.5 * (first + second)[lit]
    apart = np.abs(change - whole)
    # What a lamp lights is bright, and would be much of that third.
    usual = apart <= max(2 * STEP, OUTLYING * float(np.median(apart)))
    change, place = change[usual], place[usual]
    ends = np.quantile(place, [1 / 3, 2 / 3])
    sides = (place <= ends[0], place >= ends[1])
    dark, bright = (float(np.median(change[side])) for side in sides)
    if abs(bright) > abs(dark) + STEP:  # a lamp, or somebody who comes near: not the light of all
        dark = bright = whole
    return (dark, bright), np.array([np.median(place[side]) for side in sides])


def _change(before: Glimpse, after: Glimpse) -> float:
    """Return the median change of log luma over the pixels that are not black in both."""
    first, second = (one.stops.astype(np.float64) for one in (before, after))
    lit = np.maximum(first, second) > FAINT
    return float(np.median((second - first)[lit])) if lit.mean() > LEAST_LIT else 0.0


def smoothed(level: Floats, where: Floats) -> Floats:
    """Return the value at each place of the line fitted around it, weighted by distance."""
    found = np.empty_like(level)
    for index, place in enumerate(where):
        first, last = np.searchsorted(where, [place - 4 * REACH, place + 4 * REACH])
        distance = where[first:last] - place
        weights = np.exp(-0.5 * (distance / REACH) ** 2)
        sums = [float((weights * distance**power).sum()) for power in range(3)]
        spread = sums[0] * sums[2] - sums[1] ** 2
        part = level[first:last]
        flat, tilted = float((weights * part).sum()), float((weights * distance * part).sum())
        straight = spread > 1e-9 * sums[0] ** 2 and last - first > 2
        found[index] = (sums[2] * flat - sums[1] * tilted) / spread if straight else flat / sums[0]
    return found


def variation(means: Sequence[float], cuts: Sequence[int]) -> float:
    """Return the flicker of mean log2 luma, in stops: root mean square of the second difference
    over √6, which for independent flicker is its standard deviation. Differences over a cut, an
    index of a first picture, are left out.
    """
    apart = set(cuts)
    found = [
        means[index - 1] - 2 * means[index] + means[index + 1]
        for index in range(1, len(means) - 1)
        if index not in apart and index + 1 not in apart
    ]
    return float(np.sqrt(np.mean(np.square(found)) / 6)) if found else 0.0


def _alike(before: Glimpse, after: Glimpse) -> bool:
    if before.stops.shape != after.stops.shape:
        return False
    first, second = (one.stops.astype(np.float64) - one.mean for one in (before, after))
    norm = float(np.sqrt((first**2).sum() * (second**2).sum()))
    # Two pictures without any structure, as in the dark, are alike.
    return norm < 1e-6 * first.size or float((first * second).sum()) / norm >= ALIKE


def _steps(level: Floats) -> list[int]:
    """Return where a level steps within one picture, by more than it flickers, and stays there."""
    changes = np.abs(np.diff(level))
    least = max(STEP, OUTLYING * float(np.median(changes))) if len(changes) else STEP
    found: list[int] = []
    for index in range(1, len(level)):
        before = level[max(0, index - STAYS) : index]
        after = level[index : index + STAYS]
        step = float(np.median(after) - np.median(before))
        own = float(level[index] - level[index - 1])
        enough = min(len(before), len(after)) == STAYS
        spread = max(float(np.ptp(before)), float(np.ptp(after)))
        if enough and abs(step) > least and abs(own) > 0.5 * abs(step) and spread < 0.5 * abs(step):
            found.append(index)
    return found
