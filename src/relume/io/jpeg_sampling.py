"""How many samples of chroma a JPEG holds: factors as its frame header states them, and names."""

from __future__ import annotations

from typing import TypeAlias

from relume.photo import Subsampling

Factors: TypeAlias = tuple[tuple[int, int], ...]
"""Across and down, of each component (ITU-T T.81, A.1.1)."""

_NAMES: dict[tuple[int, int], Subsampling] = {
    (1, 1): "4:4:4",
    (2, 1): "4:2:2",
    (2, 2): "4:2:0",
    (1, 2): "4:4:0",
    (4, 1): "4:1:1",
    (1, 4): "4:4:1",
    # Written by few and by no encoder of ours: the nearest with no less chroma.
    (4, 2): "4:1:1",
    (4, 4): "4:1:1",
}

UNWRITTEN: Subsampling = "4:4:1"

RARE: frozenset[Factors] = frozenset(
    {
        ((1, 4), (1, 1), (1, 1)),
        ((4, 2), (1, 1), (1, 1)),
        ((4, 4), (1, 1), (1, 1)),
    }
)


def named(factors: Factors) -> Subsampling | None:
    """Tell the chroma of a picture, also of inks; None for gray and for what has no name.

    What counts is how many times luma's factors are chroma's: some encoders write (1, 2) three
    times for chroma that is whole.
    """
    if len(factors) < 3 or factors[1] != factors[2] or 0 in factors[1]:
        return None
    (across, down), (less_across, less_down) = factors[:2]
    if across % less_across or down % less_down:
        return None
    return _NAMES.get((across // less_across, down // less_down))
