"""Structural similarity.

((2·μx·μy + C1)(2·σxy + C2))/((μx² + μy² + C1)(σx² + σy² + C2)), C1 = (0.01·data_range)²,
C2 = (0.03·data_range)², averaged over the positions where the window lies inside the picture, then
over channels. The window is part of the number's name:

gauss11: 11×11 Gaussian of σ = 1.5 that sums to 1, weighted (biased) moments: the original, and what
papers on LOL print. It equals scikit-image with gaussian_weights, sigma 1.5 and
use_sample_covariance=False.
uniform7, uniform3: means over 7×7 or 3×3 and sample (unbiased) covariances: scikit-image's default
and its win_size=3, which some published evaluations use.

Source: Wang, Bovik, Sheikh, Simoncelli, IEEE TIP 13(4), 2004, eq. 13, doi 10.1109/TIP.2003.819861.

| domain                                                  | range    |
|---------------------------------------------------------|----------|
| two arrays (H, W) or (H, W, C) of a window's size or more | [−1, 1]  |
"""

from __future__ import annotations

from functools import partial
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from relume.errors import UnknownNameError
from relume.metrics.descriptor import Metric
from relume.metrics.planes import Doubles, require_equal_shapes, require_size
from relume.metrics.protocol import FULL_REFERENCE

Window = Literal["gauss11", "uniform7", "uniform3"]

METRIC = Metric(
    name="ssim",
    title="SSIM",
    direction="higher",
    unit="",
    low=-1.0,
    high=1.0,
    reference="full",
    protocols=FULL_REFERENCE,
    source="https://doi.org/10.1109/TIP.2003.819861",
    variants=get_args(Window),
)

_OFFSETS = np.arange(-5, 6)
_GAUSS11 = np.exp(-0.5 * (_OFFSETS / 1.5) ** 2)
WEIGHTS: dict[Window, Doubles] = {
    "gauss11": _GAUSS11 / _GAUSS11.sum(),
    "uniform7": np.full(7, 1 / 7),
    "uniform3": np.full(3, 1 / 3),
}
"""Name of the window → its weights along one axis; both axes have the same."""

UNBIASED: dict[Window, float] = {"gauss11": 1.0, "uniform7": 49 / 48, "uniform3": 9 / 8}
"""Name of the window → what its second moments are multiplied by."""

STRIP = 32
"""Rows done at a time: the working set of a 600 pixels wide strip stays within the cache."""


def ssim(
    preds: NDArray[Any], target: NDArray[Any], *, data_range: float, window: Window = "gauss11"
) -> float:
    """Compare two pictures whose white is `data_range`.

    Raises: ContractError when the shapes differ, the window does not fit or a sample is not a
    number; UnknownNameError for another window.
    """
    if window not in WEIGHTS:
        raise UnknownNameError.of("window of ssim", window, WEIGHTS)
    require_equal_shapes(preds, target, what="ssim")
    require_size(preds, least=WEIGHTS[window].size, what=f"ssim-{window}")
    ones, others = np.atleast_3d(preds), np.atleast_3d(target)
    channels = range(ones.shape[2])
    values = [
        _plane(ones[..., c], others[..., c], data_range=data_range, window=window) for c in channels
    ]
    return float(np.mean(values))


MEASURES = {window: partial(ssim, data_range=255.0, window=window) for window in WEIGHTS}


def _plane(x: NDArray[Any], y: NDArray[Any], *, data_range: float, window: Window) -> float:
    """Average the index over one channel, a strip of rows at a time."""
    weights = WEIGHTS[window]
    height, width = (side - weights.size + 1 for side in x.shape)
    total = 0.0
    for top in range(0, height, STRIP):
        rows = slice(top, min(top + STRIP, height) + weights.size - 1)
        a, b = x[rows].astype(np.float64), y[rows].astype(np.float64)
        # Four planes give all five moments, since only the sum of the variances is needed.
        planes = [_weigh(plane, weights) for plane in (a, b, a * b, a * a + b * b)]
        total += float(_index(*planes, data_range=data_range, window=window).sum())
    return total / (height * width)


def _weigh(plane: Doubles, weights: Doubles) -> Doubles:
    """Average under the window, where it lies inside the plane; `weights` are odd and symmetric."""
    last, centre = weights.size - 1, weights.size // 2
    for axis in (0, 1):
        lines = np.moveaxis(plane, axis, 0)
        kept = lines.shape[0] - last
        total = weights[centre] * lines[centre : centre + kept]
        for k in range(centre):
            pair = lines[k : k + kept] + lines[last - k : last - k + kept]
            pair *= weights[k]
            total += pair
        plane = np.moveaxis(total, 0, axis)
    return plane


def _index(
    mean_x: Doubles,
    mean_y: Doubles,
    products: Doubles,
    squares: Doubles,
    *,
    data_range: float,
    window: Window,
) -> Doubles:
    """Turn weighted means of x, y, x·y and x² + y² into the index at each position."""
    c1, c2 = (0.01 * data_range) ** 2, (0.03 * data_range) ** 2
    cross, power = mean_x * mean_y, mean_x**2 + mean_y**2
    covariance = (products - cross) * UNBIASED[window]
    variances = (squares - power) * UNBIASED[window]
    return (2.0 * cross + c1) * (2.0 * covariance + c2) / ((power + c1) * (variances + c2))
