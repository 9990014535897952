"""Lightness order error: how many pairs of pixels the enhancement turns round.

L = max(R, G, B) of the dark input and of the result, at m sampled pixels;
LOE = (1/m)·Σx Σy [L(x) ≥ L(y)] xor [L′(x) ≥ L′(y)]. The variant says where it is sampled, and
values of different variants cannot be compared, since they grow with m:

100: rows and columns round(linspace(1, side, 100)), as the code of BIMEF does; m = 10 000.
50: means over equal areas so that the shorter side has 50 pixels, as the paper of NPE; m = h·w. The
paper leaves the reduction open; averaging is ours.

Source: Wang, Zheng, Hu, Li, IEEE TIP 22(9), 2013, eqs. 11–13, doi 10.1109/TIP.2013.2261309.

| domain                                               | range       |
|------------------------------------------------------|-------------|
| two arrays (H, W) or (H, W, 3) whose white is 255     | [0, m]      |
"""

from __future__ import annotations

from functools import partial
from math import inf
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from relume.metrics.descriptor import Metric
from relume.metrics.planes import require_equal_shapes

Sampling = Literal["100", "50"]

METRIC = Metric(
    name="loe",
    title="LOE",
    direction="lower",
    unit="pairs per pixel",
    low=0.0,
    high=inf,
    reference="input",
    protocols=("plain",),
    source="https://doi.org/10.1109/TIP.2013.2261309",
    variants=get_args(Sampling),
)

LEVELS = 256


def loe(enhanced: NDArray[Any], low: NDArray[Any], *, sampling: Sampling = "100") -> float:
    """Compare a result with its dark input.

    Raises: ContractError when the shapes differ or a sample is not a number.
    """
    require_equal_shapes(enhanced, low, what="loe")
    sample = _points if sampling == "100" else _areas
    ours, theirs = (sample(_lightness(side)) for side in (enhanced, low))
    # Pairs only depend on the two levels: count pixels per pair of levels, then pairs of pixels.
    joint = np.bincount((theirs * LEVELS + ours).ravel(), minlength=LEVELS**2)
    joint = joint.reshape(LEVELS, LEVELS).astype(np.float64)
    not_above = joint.sum(axis=1).cumsum()[:, None] + joint.sum(axis=0).cumsum()
    turned = not_above - 2.0 * joint.cumsum(axis=0).cumsum(axis=1)
    return float((joint * turned).sum() / joint.sum())


MEASURES = {sampling: partial(loe, sampling=sampling) for sampling in get_args(Sampling)}


def _lightness(picture: NDArray[Any]) -> NDArray[np.intp]:
    levels = picture if picture.ndim == 2 else picture.max(axis=2)
    return np.rint(levels).astype(np.intp)


def _points(plane: NDArray[np.intp]) -> NDArray[np.intp]:
    """Read 100 × 100 pixels, halves rounded up as MATLAB does."""
    rows, columns = (
        np.floor(np.linspace(1, side, 100) + 0.5).astype(np.intp) - 1 for side in plane.shape
    )
    return plane[np.ix_(rows, columns)]


def _areas(plane: NDArray[np.intp]) -> NDArray[np.intp]:
    """Average over equal areas, the shorter side to 50 pixels, and round."""
    factor = 50 / min(plane.shape)
    means = plane.astype(np.float64)
    for side in plane.shape:
        ends = np.arange(round(side * factor) + 1) * (side / round(side * factor))
        sums = np.concatenate([np.zeros((1, means.shape[1])), means.cumsum(axis=0)])
        # The running sum, read between its samples: exact for areas that cut pixels.
        whole = np.minimum(ends.astype(np.intp), side - 1)
        share = (ends - whole)[:, None]
        means = np.diff(sums[whole] * (1 - share) + sums[whole + 1] * share, axis=0).T
        means /= side / round(side * factor)
    return np.rint(means).astype(np.intp)
