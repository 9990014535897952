"""A small float picture from a large one, without a large float picture in between."""

from __future__ import annotations

import numpy as np

from relume.arrays import Picture, Rgb
from relume.errors import ContractError
from relume.levels import TOPS, check_picture, to_unit
from relume.render.bands import each_band
from relume.render.kernel import Kernel, kernel
from relume.render.samples import channels, is_packed

SAMPLES = 1 << 17
"""Samples that are floats at one time; they stay in the second-level cache."""


def reduce(picture: Picture, *, height: int, width: int) -> Rgb:
    """Return the picture at (height, width), no larger than it is, as float32 RGB in [0, 1].

    Each sample is the exact mean over the area it covers, at any ratio. Gray is repeated in three
    channels.
    """
    check_picture(picture)
    if not (1 <= height <= picture.shape[0] and 1 <= width <= picture.shape[1]):
        raise ContractError(
            f"reduction: expected at most {picture.shape[:2]} and at least (1, 1), "
            f"got {(height, width)}"
        )
    small = np.empty((height, width, 3), np.float32)
    code = kernel() if is_packed(picture) else None
    # Four bands per thread even out; more would only start more calls, and little is not shared.
    rows = (height if picture.size <= 2 * SAMPLES else max(1, height // 16)) if code else 1

    def band(first: int, last: int) -> None:
        if code is not None:
            _average_compiled(code, picture, small, first, last)
        else:
            for row in range(first, last):
                _average_row(picture, small, row)

    each_band(band, height=height, rows=rows, threads=None)
    return small


def _average_compiled(code: Kernel, picture: Picture, small: Rgb, first: int, last: int) -> None:
    size = (picture.shape[0], picture.shape[1], channels(picture))
    code.area(picture, picture.itemsize, size, small.shape[:2], first, small[first:last])


def _average_row(picture: Picture, small: Rgb, row: int) -> None:
    """Average what output row `row` covers; bounds are whole in units of 1/h of a source row."""
    tall, wide = picture.shape[:2]
    height, width = small.shape[:2]
    start, end = row * tall, (row + 1) * tall
    top, bottom = start // height, -(-end // height)
    line = np.zeros((wide, channels(picture)))
    step = max(1, SAMPLES // line.size)
    for first in range(top, bottom, step):
        index = np.arange(first, min(first + step, bottom))
        covered = np.minimum((index + 1) * height, end) - np.maximum(index * height, start)
        samples = picture[first : index[-1] + 1].reshape(len(index), *line.shape)
        if picture.dtype == np.float32:
            samples = to_unit(samples)
        line += np.einsum("r,rwc->wc", covered / tall, samples.astype(np.float64))
    # The integral over columns, read at the bounds of the output pixels.
    total = np.concatenate([np.zeros((1, line.shape[1])), np.cumsum(line, axis=0)])
    bounds = np.arange(width + 1) * wide
    index = bounds // width
    part = (bounds - index * width)[:, None] / width
    at = total[index] + part * line[np.minimum(index, wide - 1)]
    small[row] = np.diff(at, axis=0) * (width / wide / TOPS[picture.dtype])
