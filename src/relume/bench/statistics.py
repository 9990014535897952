"""What fifteen pictures can tell: intervals and paired tests, the same for the same numbers.

| function      | domain → range                                      | source                    |
|---------------|-----------------------------------------------------|---------------------------|
| summarise     | n ≥ 1 numbers → mean, median, deviation, interval    |                           |
| resampled     | (n, k) → (RESAMPLES, k) means                        | Efron 1979, percentile    |
|               | … of numbers of scenes, which are drawn whole        | Davison, Hinkley 1997     |
| signed_rank   | n differences → p in (0, 1]                          | Wilcoxon 1945, two-sided  |
| holm          | p values → adjusted p values in (0, 1]               | Holm 1979                 |
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import erfc, isfinite, nan, sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray

LEVEL = 0.95
RESAMPLES = 10_000
"""The ends of an interval then vary by about 1 % of its width from seed to seed."""
SEED = 0
EXACT = 400
"""Differences up to which the distribution is exact; it takes n³ steps, 0.1 s here."""

Doubles = NDArray[np.float64]


@dataclass(frozen=True)
class Summary:
    """A set of numbers; the interval is where the mean would lie had other pictures been drawn."""

    n: int
    mean: float
    median: float
    deviation: float
    """Sample standard deviation, n − 1; NaN for one number."""
    low: float
    high: float


def summarise(values: Sequence[float], *, scenes: Sequence[str] | None = None) -> Summary:
    """Summarise at least one number; infinite ones, as the PSNR of equal pictures, are allowed.

    `scenes` says of each number which scene it is of: exposures of one scene are alike, so that the
    interval is where the mean would lie had other scenes been drawn.
    """
    numbers = np.asarray(values, np.float64)
    finite = bool(np.isfinite(numbers).all())
    means = resampled(numbers[:, None], scenes=scenes)[:, 0]
    low, high = _ends(means)
    return Summary(
        n=numbers.size,
        mean=float(numbers.mean()),
        median=float(np.median(numbers)),
        deviation=float(numbers.std(ddof=1)) if finite and numbers.size > 1 else nan,
        low=low,
        high=high,
    )


def interval(
    values: Sequence[float], *, scenes: Sequence[str] | None = None
) -> tuple[float, float]:
    """Return the percentile bootstrap interval of the mean at LEVEL."""
    return _ends(resampled(np.asarray(values, np.float64)[:, None], scenes=scenes)[:, 0])


def _ends(means: Doubles) -> tuple[float, float]:
    # Order statistics instead of interpolation, which would make NaN of two infinities.
    ordered = np.sort(means)
    tail = round((1.0 - LEVEL) / 2.0 * ordered.size)
    return float(ordered[tail]), float(ordered[-1 - tail])


@lru_cache(maxsize=4)
def _weights(n: int) -> Doubles:
    """Return (RESAMPLES, n): the share of each number in each resample."""
    random = np.random.default_rng(SEED)
    return random.multinomial(n, np.full(n, 1.0 / n), size=RESAMPLES) / float(n)


def resampled(columns: Doubles, *, scenes: Sequence[str] | None = None) -> Doubles:
    """Return the mean of each column in each resample; the columns share the resamples.

    With `scenes`, one of each row, whole scenes are drawn, and a mean is over their numbers.
    """
    if scenes is None or len(set(scenes)) == len(scenes):
        weights = _weights(columns.shape[0])
    else:
        members = _members(scenes)
        drawn = _weights(members.shape[0]) @ members
        weights = drawn / drawn.sum(axis=1, keepdims=True)
    means = weights @ np.where(np.isfinite(columns), columns, 0.0)
    for sign in (np.inf, -np.inf):
        endless = columns == sign
        if endless.any():
            means[(weights @ endless) > 0.0] += sign
    return means


def _members(scenes: Sequence[str]) -> Doubles:
    """Return (scenes, numbers), 1 where a number is of a scene."""
    names = list(dict.fromkeys(scenes))
    return (np.asarray(names)[:, None] == np.asarray(scenes)[None, :]).astype(np.float64)


def signed_rank(differences: ArrayLike) -> float:
    """Return the two-sided p of Wilcoxon's signed-rank test; zeros are left out, ties share ranks.

    Exact up to EXACT differences, beyond by the normal distribution with correction for ties. 1.0
    when nothing differs. With five differences it cannot go below 1/16.
    """
    given = np.asarray(differences, np.float64)
    given = given[given != 0.0]
    n = given.size
    if n == 0:
        return 1.0
    # Twice the ranks, so that shared ones are whole numbers too.
    _, places, counts = np.unique(np.abs(given), return_inverse=True, return_counts=True)
    doubled = (2 * np.cumsum(counts) - counts + 1)[places]
    positive, total = int(doubled[given > 0].sum()), int(doubled.sum())
    smaller = min(positive, total - positive)
    if n > EXACT:
        variance = float((doubled.astype(np.float64) ** 2).sum())
        return erfc((total / 2 - smaller) / sqrt(variance / 4) / sqrt(2.0))
    chances = np.zeros(total + 1)
    chances[0] = 1.0
    reached = 0
    for rank in doubled:
        reached += int(rank)
        # Each difference is positive or negative with even chances.
        chances[rank : reached + 1] += chances[: reached + 1 - rank].copy()
        chances[: reached + 1] /= 2.0
    return min(1.0, 2.0 * float(chances[: smaller + 1].sum()))


def holm(chances: Sequence[float]) -> list[float]:
    """Adjust p values for their number; the order is kept."""
    order = sorted(range(len(chances)), key=lambda index: chances[index])
    adjusted = [1.0] * len(chances)
    highest = 0.0
    for place, index in enumerate(order):
        highest = max(highest, min(1.0, chances[index] * (len(chances) - place)))
        adjusted[index] = highest
    return adjusted


@dataclass(frozen=True)
class Comparison:
    """Two rows on the pictures that both have: first − second."""

    first: str
    second: str
    n: int
    difference: float
    low: float
    high: float
    p: float
    adjusted: float
    """p after Holm's correction for all comparisons of one table and metric."""


def compare(
    values: dict[str, dict[str, float]], *, scenes: Mapping[str, str] | None = None
) -> list[Comparison]:
    """Compare every two of row → key → number.

    `scenes` are those of the keys: tests are on the means of scenes, whose pictures are alike.
    """
    names = list(values)
    pairs = [(a, b) for place, a in enumerate(names) for b in names[place + 1 :]]
    found: list[tuple[str, str, Doubles, list[str]]] = []
    for first, second in pairs:
        keys = [key for key in values[first] if key in values[second]]
        if keys:
            differences = [_minus(values[first][key], values[second][key]) for key in keys]
            of = [key if scenes is None else scenes[key] for key in keys]
            found.append((first, second, np.asarray(differences), of))
    chances = [signed_rank(_by_scene(differences, of)) for _, _, differences, of in found]
    return [
        Comparison(
            first,
            second,
            differences.size,
            float(differences.mean()) if _defined(differences) else nan,
            *(interval(differences.tolist(), scenes=of) if _defined(differences) else (nan, nan)),
            p=chance,
            adjusted=adjusted,
        )
        for (first, second, differences, of), chance, adjusted in zip(
            found, chances, holm(chances), strict=True
        )
    ]


def _by_scene(differences: Doubles, scenes: Sequence[str]) -> Doubles:
    """Return the mean difference of each scene; numbers that are alone stay as they are."""
    if len(set(scenes)) == len(scenes) or not _defined(differences):
        return differences
    members = _members(scenes)
    finite = np.isfinite(differences)
    sums = members @ np.where(finite, differences, 0.0)
    endless = members @ np.where(finite, 0.0, np.sign(differences))
    means = sums / members.sum(axis=1)
    return np.where(endless == 0.0, means, np.copysign(np.inf, endless))


def _minus(first: float, second: float) -> float:
    return 0.0 if first == second else first - second  # two infinities are equal


def _defined(differences: Doubles) -> bool:
    return not (np.isposinf(differences).any() and np.isneginf(differences).any())


def shown_p(p: float) -> str:
    """Write a p value."""
    return "< 0.001" if isfinite(p) and p < 0.001 else f"{p:.3f}"
