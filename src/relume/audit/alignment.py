"""How one picture lies on another, and whether they agree there.

Keypoints that are each other's nearest vote for a shift and a scale; those that fit one are
counted. `agreement` then compares the pictures where they overlap.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from relume.arrays import Floats
from relume.audit.agreement import Overlap, compare
from relume.audit.fingerprint import LONG_SIDE, Fingerprint
from relume.audit.keypoints import Keypoints, Turn
from relume.audit.products import products

_RATIO = 0.9
"""A nearest descriptor must be nearer than this share of the second nearest's distance; laxer than
Lowe's 0.8, since the geometry decides."""
_STARTS = 5
"""Hypotheses that are refined: those that the most matches agree with."""
_COARSE = 0.06
"""Share of LONG_SIDE by which a match may miss a hypothesis from one match, whose scale is only
known to a level, √2."""
_TOLERANCES = (0.04, 0.02, 0.015, 0.015)
"""The same for the refined fit, step by step; the last is 5 pixels of 320, a little parallax."""
_SCALES = (0.4, 2.5)
"""Crops to less than 40 % of a side are not looked for."""
_STRETCH = 1.7
"""Largest ratio of the two axes' scales: 3:2 pictures squashed to squares are found."""
_GRAIN = 4
"""Pixels: keypoints of several levels at one place, or nearly, count once."""


@dataclass(frozen=True)
class Alignment:
    """Where the picture `on` shows what the picture `of`, turned, shows."""

    turn: Turn
    scale: tuple[float, float]
    """(across, down), how much larger `on` shows things when both have the same longer side."""
    shift: tuple[float, float]
    """(right, down), in shares of the longer side of `on`."""
    inliers: int
    """Distinct keypoints that fit."""
    overlap: Overlap


@dataclass(frozen=True)
class _Fit:
    """x → scale·x + shift for each axis, in pixels of the planes of 320."""

    scale: Floats
    shift: Floats
    inliers: int


def align(of: Fingerprint, on: Fingerprint, turn: Turn, *, least: int) -> Alignment | None:
    """Lay `of`, turned, on `on`; None with fewer than `least` inliers."""
    height, width = of.frame
    turned = turn.keypoints(of.keypoints, height=height, width=width)
    fit = _fit(turned, on.keypoints, least=least)
    if fit is None or fit.inliers < least:
        return None
    long = max(on.frame)
    scale, shift = fit.scale * (max(of.frame) / long), fit.shift / long
    return Alignment(
        turn=turn,
        scale=(float(scale[0]), float(scale[1])),
        shift=(float(shift[0]), float(shift[1])),
        inliers=fit.inliers,
        overlap=compare(of, on, turn, scale=fit.scale, shift=fit.shift),
    )


def _fit(one: Keypoints, other: Keypoints, *, least: int) -> _Fit | None:
    here, there = _matches(one.descriptors, other.descriptors)
    if len(here) < 4:
        return None
    before, after = one.places[here], other.places[there]
    grown = other.sizes[there] / one.sizes[here]
    # One hypothesis from each match: its own scale, and the shift that brings it home.
    shifts = after - grown[:, None] * before
    misses = np.abs(grown[:, None, None] * before + shifts[:, None] - after).max(axis=2)
    levels = np.log2(grown)
    fits = (misses < _COARSE * LONG_SIDE) & (np.abs(levels[:, None] - levels) < 0.75)
    best: _Fit | None = None
    support = fits.sum(axis=1)
    for start in np.argsort(-support, kind="stable")[:_STARTS]:
        # A hypothesis from one match has its scale from a level: far from that match it errs.
        if support[start] < least / 2:
            break
        found = _refine(before, after, levels, fits[start])
        if found is not None and (best is None or found.inliers > best.inliers):
            best = found
    return best


def _matches(
    one: NDArray[np.uint8], other: NDArray[np.uint8]
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the indices of descriptors that are each other's nearest, and clearly so."""
    if not len(one) or len(other) < 2:
        return np.zeros(0, np.intp), np.zeros(0, np.intp)
    # Both have the length 255, so the largest product is the smallest distance: d² = 2 − 2·product.
    product = products(one.astype(np.float32), other.astype(np.float32)) / np.float32(255.0**2)
    index = np.arange(len(one))
    nearest = product.argmax(axis=1)
    mutual = product.argmax(axis=0)[nearest] == index
    first = product[index, nearest]
    product[index, nearest] = -1.0
    second = product.max(axis=1)
    kept = mutual & (1.0 - first < _RATIO**2 * (1.0 - second))
    return index[kept], nearest[kept]


def _refine(before: Floats, after: Floats, levels: Floats, fits: NDArray[np.bool_]) -> _Fit | None:
    scale, shift = np.ones(2), np.zeros(2)
    for tolerance in _TOLERANCES:
        if fits.sum() < 4:
            return None
        centre, target = before[fits].mean(axis=0), after[fits].mean(axis=0)
        spread = before[fits] - centre
        variance = (spread**2).sum(axis=0)
        if variance.min() < _GRAIN**2:
            return None
        scale = (spread * (after[fits] - target)).sum(axis=0) / variance
        if scale.min() < _SCALES[0] or scale.max() > _SCALES[1]:
            return None
        if max(scale[0] / scale[1], scale[1] / scale[0]) > _STRETCH:
            return None
        shift = target - scale * centre
        miss = np.hypot(*(scale * before + shift - after).T)
        size = 0.5 * float(np.log2(scale).sum())
        fits = (miss < tolerance * LONG_SIDE) & (np.abs(levels - size) < 0.75)
    distinct = [
        len(np.unique(np.rint(places[fits] / _GRAIN).astype(np.int32), axis=0))
        for places in (before, after)
    ]
    return _Fit(scale, shift, min(distinct))
