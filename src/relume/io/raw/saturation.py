"""Where a sensor really saturates, if that is below the level its file states.

Tables of cameras often state the largest number the file could hold. Light that a sensor cannot
count piles up at one level with nothing above it. A bright surface does not: the noise of light
alone spreads it, as 0.1 % of a level would take a million electrons. A drawn surface without noise
could; so the levels must agree between colours that gray would not bring to one level, or the
places beside the pile must come near its level: light that was cut off comes down from it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

DEEPEST = 0.75
"""Share of the stated level below which nothing saturates: no table is wrong by more."""
AGREEMENT = 0.97
"""Levels of the sites of one sensor differ by a few per cent at most."""
SHARE = 2e-5
"""Of a colour's sites; fewer at one level are hot pixels."""
NARROW = 0.001
"""Half the width of a pile, as a share of its level."""
BELOW = (0.8, 0.99)
"""Shares of its level between which it is compared with what else is as narrow."""
PILED = 5
"""Times the samples of any of these that a pile has; the top of a smooth arch has 2.4 times."""
OVER = 0.02
"""Of a pile: at most so many samples lie above it."""
UNEVEN = 1.1
"""Ratio of the gains of white from which gray has different levels in different colours."""
NEAR, CUT = 0.6, 0.25
"""Share of the level that a neighbour of a pile comes near with, and of the neighbours that do."""


def found(
    sites: Sequence[NDArray[np.uint16]],
    *,
    blacks: Sequence[float],
    stated: float,
    gains: Sequence[float] | None,
) -> float:
    """Return the counts at which all sites saturate; `stated` unless they show otherwise.

    `sites` are the samples of each site or colour of the filter.
    """
    most = max((float(site.max()) for site in sites if site.size), default=0.0)
    if not DEEPEST * stated <= most < stated:
        return stated
    piles = [_pile(site, black) for site, black in zip(sites, blacks, strict=True)]
    levels = [level for level, _ in piles]
    if min(levels) < AGREEMENT * max(levels) or min(levels) <= 0:
        return stated
    uneven = gains is not None and max(gains) > UNEVEN * min(gains)
    return min(levels) if uneven or all(cut for _, cut in piles) else stated


def _pile(site: NDArray[np.uint16], black: float) -> tuple[float, bool]:
    """Return the level at which samples pile up, 0 for none, and whether a gradient ends there."""
    upper = site[site >= site.max() / 2]
    counts = np.bincount(upper.ravel())
    least = max(2.0, SHARE * site.size)
    from_above = np.cumsum(counts[::-1])[::-1]
    top = int(np.flatnonzero(from_above >= least)[-1]) if from_above[0] >= least else 0
    light = top - black
    if light <= 0:
        return 0.0, False
    first = max(int(top - 2 * NARROW * light), 0)
    peak = first + int(np.argmax(counts[first:]))
    half = int(NARROW * light)
    pile = int(counts[max(peak - half, 0) : peak + half + 1].sum())
    above = int(counts[peak + half + 1 :].sum())
    if pile < max(least, PILED * _densest(counts, black, light, 2 * half + 1)):
        return 0.0, False
    if above > max(OVER * pile, SHARE * site.size):
        return 0.0, False
    return float(peak), _comes_down(site, peak - half, black + NEAR * light)


def _densest(counts: NDArray[np.intp], black: float, light: float, width: int) -> int:
    """Return the most samples of any `width` neighbouring levels below a pile."""
    first, last = (int(black + share * light) for share in BELOW)
    sums = np.concatenate([[0], np.cumsum(counts[max(first, 0) : last])])
    width = min(width, len(sums) - 1)
    return int((sums[width:] - sums[: len(sums) - width]).max())


def _comes_down(site: NDArray[np.uint16], level: int, near: float) -> bool:
    """Whether what lies beside samples of a level and is not of it comes near to it."""
    beside: list[NDArray[np.uint16]] = []
    for one, other in ((site[:, :-1], site[:, 1:]), (site[:-1], site[1:])):
        first, second = one >= level, other >= level
        beside += [other[first & ~second], one[second & ~first]]
    found = np.concatenate(beside)
    return bool(found.size and np.mean(found >= near) >= CUT)
