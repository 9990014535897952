"""Two pictures laid on each other: do they show the same everywhere they overlap?

Log luma is correlated in small windows, over what neither picture clips. One scene agrees nearly
everywhere, and moving one picture a little makes every window worse. Another view of the same
things agrees only where their depth happens to be that of the fit: in the other windows the best
place is elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from relume.arrays import Floats
from relume.audit.fingerprint import TOE, Fingerprint, log_plane
from relume.audit.keypoints import Turn
from relume.audit.planes import blur, sample
from relume.colour import decode_srgb

_WINDOW = 4.0
"""σ of the windows in pixels of the small plane."""
_NOISE = 0.03
"""Standard deviation of log luma that noise may cause: damps the correlation of flat windows."""
_TEXTURED = 2.0 * _NOISE**2
"""A window where the product of the two standard deviations exceeds this has something to say."""
_SEEN = 0.2
"""Weight of what both pictures saw in a window, under which it is not judged."""
_AGREES = 0.4
"""Correlation above which a window agrees: noise and JPEG leave more, another view's depth less."""
_AWAY = 3.0
"""Pixels by which one picture is moved: more than a fit errs by, less than depth moves things."""
_LEAST_TEXTURE = 0.01
"""Share of windows with texture that both pictures saw, under which agreement is unknown."""
_LEAST_SIDE = 16
"""Pixels of the overlap along both axes, two windows' width."""
_WHOLE = 0.99
"""Share of an area that must be unclipped to count as seen; the rest is rounding."""


@dataclass(frozen=True)
class Overlap:
    """What two pictures have in common where one lies on the other."""

    share: float
    """Of the smaller picture that both show."""
    agreement: float | None
    """Share of the windows with texture that agree; None where nearly all is clipped or flat."""
    settled: float | None
    """Share of them that agree less when one picture is moved; None likewise."""
    exposure: float
    """Factor of linear light from one to the other, median of what neither clips; 0 if unknown."""


def compare(
    of: Fingerprint, on: Fingerprint, turn: Turn, *, scale: Floats, shift: Floats
) -> Overlap:
    """Compare `of`, turned, with `on`, where its (x, y) is at `scale`·(x, y) + `shift`.

    Positions and shift are in pixels of the planes the keypoints lie in.
    """
    one, other = turn.plane(log_plane(of)), log_plane(on)
    # From there to the small planes; a small picture's may be of one size.
    grown = max(other.shape) / max(on.frame)
    scale, shift = scale * (max(of.frame) / max(one.shape)) * grown, shift * grown
    rows = scale[1] * (np.arange(one.shape[0]) + 0.5) + shift[1] - 0.5
    columns = scale[0] * (np.arange(one.shape[1]) + 0.5) + shift[0] - 0.5
    row, column = _inside(rows, other.shape[0]), _inside(columns, other.shape[1])
    smaller = min(one.size, other.size / float(scale.prod()))
    share = min(1.0, len(row) * len(column) / smaller)
    if min(len(row), len(column)) < _LEAST_SIDE:
        return Overlap(share, None, None, 0.0)
    inside = (slice(row[0], row[-1] + 1), slice(column[0], column[-1] + 1))
    rows, columns = rows[row], columns[column]
    seen_there = sample(on.seen.astype(np.float32), rows=rows, columns=columns)
    seen = np.minimum(turn.plane(of.seen.astype(np.float32))[inside], seen_there) > _WHOLE
    exposure = _exposure(one[inside], sample(other, rows=rows, columns=columns), seen)
    # The finer of the two is blurred to the other's detail, and both beyond what a fit can place.
    mean = float(np.sqrt(scale.prod()))
    here = blur(one, sigma=max(0.7, 0.5 / mean))[inside]
    there = blur(other, sigma=max(0.7, 0.5 * mean))
    limits = (other.shape[0] - 1, other.shape[1] - 1)
    moves = ((0.0, 0.0), (_AWAY, 0.0), (-_AWAY, 0.0), (0.0, _AWAY), (0.0, -_AWAY))
    moved = (
        sample(
            there,
            rows=np.clip(rows + down * scale[1], 0, limits[0]),
            columns=np.clip(columns + right * scale[0], 0, limits[1]),
        )
        for right, down in moves
    )
    agreement, settled = _judge(here, moved, seen)
    return Overlap(share, agreement, settled, exposure)


def _inside(positions: Floats, size: int) -> NDArray[np.intp]:
    return np.flatnonzero((positions >= 0) & (positions <= size - 1))


def _judge(
    here: Floats, moved: Iterator[Floats], seen: NDArray[np.bool_]
) -> tuple[float | None, float | None]:
    """Return agreement with the first of `moved`, and how often no other agrees better."""
    weight = seen.astype(np.float32)
    count = blur(weight, sigma=_WINDOW)
    some = np.maximum(count, 1e-3)

    def mean(plane: Floats) -> Floats:
        return blur(plane * weight, sigma=_WINDOW) / some

    mean_here = mean(here)
    variance_here = np.maximum(mean(here * here) - mean_here**2, 0.0)

    def correlate(there: Floats) -> tuple[Floats, Floats]:
        mean_there = mean(there)
        variance = np.maximum(mean(there * there) - mean_there**2, 0.0)
        covariance = mean(here * there) - mean_here * mean_there
        damped = np.sqrt((variance_here + _NOISE**2) * (variance + _NOISE**2))
        return covariance / damped, np.sqrt(variance_here * variance)

    correlation, texture = correlate(next(moved))
    judged = (texture > _TEXTURED) & (count > _SEEN) & seen
    if judged.mean() < _LEAST_TEXTURE:
        return None, None
    agrees = correlation > _AGREES
    best_elsewhere = np.max([correlate(there)[0] for there in moved], axis=0)
    settled = agrees & (correlation >= best_elsewhere)
    return float(agrees[judged].mean()), float(settled[judged].mean())


def _exposure(here: Floats, there: Floats, seen: NDArray[np.bool_]) -> float:
    light = [decode_srgb(np.clip(np.exp(plane) - TOE, 1e-4, 1.0)) for plane in (here, there)]
    return float(np.median(light[1][seen] / light[0][seen])) if seen.any() else 0.0
