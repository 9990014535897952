"""Convolutions of whole small tensors and averages of windows, compiled; see convolving.h.

Tensors are float32 with their channels last. What is computed does not depend on threads.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from relume.render.restoration import SETS, compiled

Tensor: TypeAlias = NDArray[np.float32]

GROUP, MOST_INPUTS, MOST_CHANNELS = 16, 1024, 256
"""As in program.h and convolving.h: what channels are padded to, and what fits."""


def pointwise(
    weights: NDArray[Any], bias: NDArray[Any], *, relu: bool = False, instructions: str = ""
) -> Callable[[Tensor], Tensor]:
    """Return what multiplies (…, inputs) by weights, (outputs, inputs), and adds a bias, then
    a ReLU or not."""
    outputs, inputs = weights.shape
    kernel, start, one = _padded(weights.T), _padded(bias), SETS[instructions]
    run = compiled().pointwise

    def multiplied(tensor: Tensor) -> Tensor:
        tensor = np.ascontiguousarray(tensor)
        found = np.empty((*tensor.shape[:-1], outputs), np.float32)
        run(kernel, start, tensor, found, one, tensor.size // inputs, inputs, outputs, relu)
        return found

    return multiplied


def depthwise(
    weights: NDArray[Any],
    bias: NDArray[Any],
    *,
    stride: int,
    relu: bool = False,
    instructions: str = "",
) -> Callable[[Tensor], Tensor]:
    """Return what convolves (h, w, C) by weights, (C, 3, 3), zeros around, and adds a bias,
    then a ReLU or not."""
    kernel, start, one = _padded(weights.reshape(-1, 9).T), _padded(bias), SETS[instructions]
    run = compiled().depthwise

    def convolved(tensor: Tensor) -> Tensor:
        tensor = np.ascontiguousarray(tensor)
        height, width, channels = tensor.shape
        size = (height - 1) // stride + 1, (width - 1) // stride + 1
        found = np.empty((*size, channels), np.float32)
        run(kernel, start, tensor, found, one, height, width, channels, stride, relu)
        return found

    return convolved


def averages(
    planes: Tensor, size: tuple[int, int], *, pads: tuple[int, int, int, int] = (0, 0, 0, 0)
) -> Tensor:
    """Return the averages of all windows of a size in planes, (N, h, w) → (N, h′, w′).

    Edges go on for as many samples as `pads` say: top, left, bottom, right.
    """
    planes = np.ascontiguousarray(planes)
    count, height, width = planes.shape
    (high, wide), (top, left, bottom, right) = size, pads
    lines, columns = height + top + bottom - high + 1, width + left + right - wide + 1
    found = np.empty((count, lines, columns), np.float32)
    compiled().averages(planes, found, count, height, width, high, wide, top, left, lines, columns)
    return found


def _padded(values: NDArray[Any]) -> Tensor:
    short = -values.shape[-1] % GROUP
    wide = np.zeros((*values.shape[:-1], values.shape[-1] + short), np.float32)
    wide[..., : values.shape[-1]] = values
    return wide
