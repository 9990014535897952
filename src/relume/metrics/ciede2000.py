"""Colour difference ΔE₀₀ (CIEDE2000), kL = kC = kH = 1.

Encoded sRGB → linear → XYZ, white D65 → L*a*b* → ΔE₀₀ per pixel, then the mean (variant "") or the
95th percentile (variant "p95") over the pixels. About 1 is just noticeable.

Source: Sharma, Wu, Dalal, Color Research and Application 30(1), 2005, eqs. 2–22,
doi 10.1002/col.20070; IEC 61966-2-1:1999 for sRGB; CIE 15 for L*a*b*.

| domain                                     | range                     |
|--------------------------------------------|---------------------------|
| two arrays (H, W, 3) whose white is 255     | ≥ 0, units of ΔE           |
"""

from __future__ import annotations

from math import inf
from typing import Any

import numpy as np
from numpy.typing import NDArray

from relume.colour import decode_srgb
from relume.metrics.descriptor import Metric
from relume.metrics.planes import STRIP, Doubles, require_equal_shapes
from relume.metrics.protocol import FULL_REFERENCE_RGB

METRIC = Metric(
    name="ciede2000",
    title="ΔE2000",
    direction="lower",
    unit="ΔE",
    low=0.0,
    high=inf,
    reference="full",
    protocols=FULL_REFERENCE_RGB,
    source="https://doi.org/10.1002/col.20070",
    variants=("", "p95"),
)

# Rows are X, Y, Z of linear sRGB (IEC 61966-2-1, table 1, seven digits as in later revisions).
_TO_XYZ = np.array(
    [
        [0.412453, 0.357580, 0.180423],
        [0.212671, 0.715160, 0.072169],
        [0.019334, 0.119193, 0.950227],
    ]
)
_WHITE = np.array([0.95047, 1.0, 1.08883])  # D65, 2° observer


def ciede2000(preds: NDArray[Any], target: NDArray[Any]) -> float:
    """Average ΔE₀₀ between two pictures.

    Raises: ContractError when the shapes differ or are not (H, W, 3).
    """
    return float(difference_map(preds, target).mean())


def ciede2000_p95(preds: NDArray[Any], target: NDArray[Any]) -> float:
    """Take the 95th percentile of ΔE₀₀ between two pictures.

    Raises: ContractError when the shapes differ or are not (H, W, 3).
    """
    return float(np.percentile(difference_map(preds, target), 95.0))


MEASURES = {"": ciede2000, "p95": ciede2000_p95}


def difference_map(preds: NDArray[Any], target: NDArray[Any]) -> Doubles:
    """Return ΔE₀₀ of every pixel, (H, W, 3) → (H, W).

    Raises: ContractError when the shapes differ or are not (H, W, 3).
    """
    require_equal_shapes(preds, target, what="ciede2000")
    # A gray pair is a pair of colours with three equal channels.
    if preds.ndim == 2:
        preds, target = (np.repeat(side[..., None], 3, axis=2) for side in (preds, target))
    strips = [slice(top, top + STRIP) for top in range(0, preds.shape[0], STRIP)]
    return np.concatenate([between(to_lab(preds[rows]), to_lab(target[rows])) for rows in strips])


def to_lab(picture: NDArray[Any]) -> Doubles:
    """Turn encoded sRGB whose white is 255 into L* [0, 100], a*, b*, (…, 3) → (…, 3)."""
    ratio = decode_srgb(picture.astype(np.float64) / 255.0) @ _TO_XYZ.T / _WHITE
    # (6/29)³ joins the cube root and the line of the same value and slope.
    root = np.where(ratio > (6 / 29) ** 3, np.cbrt(ratio), ratio / (3 * (6 / 29) ** 2) + 4 / 29)
    x, y, z = np.moveaxis(root, -1, 0)
    return np.stack([116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)], axis=-1)


def between(lab: Doubles, other: Doubles) -> Doubles:
    """Return ΔE₀₀ between colours, L* [0, 100], a*, b*, (…, 3) → (…); equation numbers are the
    source's."""
    (l1, a1, b1), (l2, a2, b2) = np.moveaxis(lab, -1, 0), np.moveaxis(other, -1, 0)
    mean_chroma = (np.hypot(a1, b1) + np.hypot(a2, b2)) / 2  # 2, 3
    stretch = 1.5 - 0.5 * _saturate(mean_chroma)  # 4: 1 + G
    c1, c2 = np.hypot(stretch * a1, b1), np.hypot(stretch * a2, b2)  # 5, 6
    h1, h2 = (_hue(b, stretch * a) for a, b in ((a1, b1), (a2, b2)))  # 7
    coloured = (c1 > 0) & (c2 > 0)
    # 10, 14: the shorter way round the circle of hues, and none from or to a gray.
    turn = np.where(coloured, (h2 - h1 + 180.0) % 360.0 - 180.0, 0.0)
    turn = np.where((turn == -180.0) & (h2 > h1), 180.0, turn)
    hue = 2.0 * np.sqrt(c1 * c2) * np.sin(np.radians(turn) / 2)  # 11
    lightness, chroma = (l1 + l2) / 2, (c1 + c2) / 2  # 12, 13
    far = np.abs(h1 - h2) > 180.0
    mean_hue = (h1 + h2) / 2 + np.where(far, np.where(h1 + h2 < 360.0, 180.0, -180.0), 0.0)
    mean_hue = np.where(coloured, mean_hue, h1 + h2)
    t = (
        1.0
        - 0.17 * _cosine(mean_hue - 30.0)
        + 0.24 * _cosine(2.0 * mean_hue)
        + 0.32 * _cosine(3.0 * mean_hue + 6.0)
        - 0.20 * _cosine(4.0 * mean_hue - 63.0)
    )  # 15
    rotation = (
        -2.0
        * _saturate(chroma)
        * np.sin(np.radians(60.0 * np.exp(-(((mean_hue - 275.0) / 25.0) ** 2))))
    )  # 16, 17, 21
    offset = (lightness - 50.0) ** 2
    by_lightness = (l2 - l1) / (1.0 + 0.015 * offset / np.sqrt(20.0 + offset))  # 18
    by_chroma = (c2 - c1) / (1.0 + 0.045 * chroma)  # 19
    by_hue = hue / (1.0 + 0.015 * chroma * t)  # 20
    squares = by_lightness**2 + by_chroma**2 + by_hue**2 + rotation * by_chroma * by_hue  # 22
    return np.sqrt(np.maximum(squares, 0.0))


def _saturate(chroma: Doubles) -> Doubles:
    """Return √(C⁷/(C⁷ + 25⁷)), [0, ∞) → [0, 1)."""
    seventh = chroma**7
    return np.sqrt(seventh / (seventh + 25.0**7))


def _hue(b: Doubles, a: Doubles) -> Doubles:
    """Return the angle of (a, b) in degrees, [0, 360); 0 for gray."""
    return np.degrees(np.arctan2(b, a)) % 360.0


def _cosine(degrees: Doubles) -> Doubles:
    return np.cos(np.radians(degrees))
