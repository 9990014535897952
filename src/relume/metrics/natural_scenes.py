"""Statistics of natural pictures that NIQE, BRISQUE and PIQE share.

In a natural picture the contrast-normalised samples I' = (I − μ)/(σ + 1) are nearly Gaussian, and
products of neighbours nearly symmetric; distortions change the shapes of both distributions.

Source: Mittal, Moorthy, Bovik, IEEE TIP 21(12), 2012, eqs. 1–14, doi 10.1109/TIP.2012.2214050;
Lasmar, Stitou, Berthoumieu, ICIP 2009, for the fit of asymmetric distributions.
"""

from __future__ import annotations

from functools import cache
from math import lgamma
from typing import Literal

import numpy as np

from relume.metrics.planes import Doubles

_GAUSSIAN = np.exp(-0.5 * (np.arange(-3, 4) / (7 / 6)) ** 2)
WINDOW = _GAUSSIAN / _GAUSSIAN.sum()
"""The 7×7 Gaussian of σ = 7/6 along one axis."""

NOISE = 1e-9
"""A normalised sample smaller than this is zero: in a constant area it is the rounding error of μ,
±1e-14, whose sign would depend on the order of summation and enter the counts below."""

SHIFTS = ((0, 1), (1, 0), (1, 1), (1, -1))
"""Rows and columns between the neighbours that are multiplied."""


def normalise(plane: Doubles, *, border: Literal["edge", "constant"]) -> tuple[Doubles, Doubles]:
    """Return I' and σ, each (H, W), of a plane whose white is 255.

    Outside the picture lies its nearest pixel ("edge") or zero ("constant").
    """
    padded = np.pad(plane, WINDOW.size // 2, mode=border)
    mean = _window(padded)
    deviation = np.sqrt(np.abs(_window(padded * padded) - mean * mean))
    normalised = (plane - mean) / (deviation + 1.0)
    normalised[np.abs(normalised) < NOISE] = 0.0
    return normalised, deviation


def _window(padded: Doubles) -> Doubles:
    """Weigh under the window, where it lies inside."""
    for axis in (0, 1):
        lines = np.moveaxis(padded, axis, 0)
        kept = lines.shape[0] - WINDOW.size + 1
        total = WINDOW[3] * lines[3 : kept + 3]
        for offset in range(3):
            # The window is symmetric: add before multiplying.
            total += WINDOW[offset] * (
                lines[offset : offset + kept] + lines[6 - offset : 6 - offset + kept]
            )
        padded = np.moveaxis(total, 0, axis)
    return padded


def halve(plane: Doubles) -> Doubles:
    """Reduce by two as MATLAB's imresize does: cubic (a = −½) stretched by two against aliasing,
    mirrored at the border, ⌈n/2⌉ samples, not rounded; (H, W) → (⌈H/2⌉, ⌈W/2⌉)."""
    for axis in (0, 1):
        lines = np.moveaxis(plane, axis, 0)
        size = lines.shape[0]
        # Sample m (from 0) lies between lines 2m and 2m + 1; four lines on either side have weight.
        index = np.arange(-4 + 1, size + 5) % (2 * size)
        padded = lines[np.where(index < size, index, 2 * size - 1 - index)]
        count = -(-size // 2)
        total = np.zeros((count, *lines.shape[1:]))
        for tap, weight in enumerate(_cubic_taps()):
            total += weight * padded[tap : tap + 2 * count : 2]
        plane = np.moveaxis(total, 0, axis)
    return plane


@cache
def _cubic_taps() -> Doubles:
    """Return the eight weights at ±½, ±1½, ±2½, ±3½ lines, which sum to 1."""
    distance = np.abs(np.arange(8) - 3.5) / 2
    near = (1.5 * distance - 2.5) * distance**2 + 1.0
    far = ((-0.5 * distance + 2.5) * distance - 4.0) * distance + 2.0
    weights = np.where(distance <= 1.0, near, far)
    return weights / weights.sum()


def neighbours(normalised: Doubles, *, shift: tuple[int, int]) -> Doubles:
    """Multiply each sample by a neighbour; the last rows and columns meet the first, (…, H, W)."""
    return normalised * np.roll(normalised, shift, axis=(-2, -1))


def fit_symmetric(samples: Doubles) -> tuple[Doubles, Doubles]:
    """Fit a generalised Gaussian to each (…, H, W): its shape and its standard deviation."""
    squares = np.square(samples).mean(axis=(-2, -1))
    absolute = np.abs(samples).mean(axis=(-2, -1))
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = absolute**2 / squares
        # The published code compares reciprocals; the nearest shape is sought among those.
        return _nearest(1.0 / ratio, reciprocal=True), np.sqrt(squares)


def fit_asymmetric(samples: Doubles) -> tuple[Doubles, Doubles, Doubles]:
    """Fit an asymmetric generalised Gaussian to each (…, H, W): its shape and the root mean squares
    of its negative and of its positive samples; NaN where a side is empty."""
    squares = np.square(samples)
    negative, positive = samples < 0, samples > 0
    axes = (-2, -1)
    with np.errstate(divide="ignore", invalid="ignore"):
        left = np.sqrt((squares * negative).sum(axes) / negative.sum(axes))
        right = np.sqrt((squares * positive).sum(axes) / positive.sum(axes))
        balance = left / right
        ratio = np.abs(samples).mean(axes) ** 2 / squares.mean(axes)
        ratio *= (balance**3 + 1) * (balance + 1) / (balance**2 + 1) ** 2
    return _nearest(ratio, reciprocal=False), left, right


def gamma_ratio(upper: float, lower: float, shape: Doubles) -> Doubles:
    """Return Γ(upper/shape)/Γ(lower/shape)."""
    logarithm = _log_gamma()
    return np.exp(_at(logarithm[int(upper)], shape) - _at(logarithm[int(lower)], shape))


SHAPES = np.arange(200, 10001) / 1000
"""The shapes that are tried: 0.2 to 10 in steps of 0.001."""


@cache
def _log_gamma() -> dict[int, Doubles]:
    """Return log Γ(k/shape) for k = 1, 2, 3 at every shape."""
    return {k: np.array([lgamma(k / shape) for shape in SHAPES]) for k in (1, 2, 3)}


@cache
def _table(*, reciprocal: bool) -> Doubles:
    """Return Γ(2/g)²/(Γ(1/g)·Γ(3/g)), which grows with the shape g, or one over it, which falls."""
    logarithm = _log_gamma()
    ratio = 2.0 * logarithm[2] - logarithm[1] - logarithm[3]
    return np.exp(-ratio if reciprocal else ratio)


def _nearest(value: Doubles, *, reciprocal: bool) -> Doubles:
    """Return the shape whose entry in the table is nearest; NaN for NaN."""
    table = _table(reciprocal=reciprocal)
    rising, sign = (-table, -1.0) if reciprocal else (table, 1.0)
    wanted = sign * np.asarray(value)
    above = np.clip(np.searchsorted(rising, wanted), 1, rising.size - 1)
    index = above - (np.abs(wanted - rising[above - 1]) <= np.abs(wanted - rising[above]))
    return np.where(np.isnan(wanted), np.nan, SHAPES[index])


def _at(table: Doubles, shape: Doubles) -> Doubles:
    """Read a table at shapes that came from `_nearest`."""
    index = np.rint(np.nan_to_num(shape, nan=SHAPES[0]) * 1000).astype(np.intp) - 200
    return np.where(np.isnan(shape), np.nan, table[index])
