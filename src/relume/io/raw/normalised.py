"""Samples of a DNG brought to linear reference values, where LibRaw would round or guess.

    reference = clip((sample − black) / (white − max black), 0, 1)      DNG 1.7, chapter 5

Black is that of the site, fractions and periods of any size included; its maximum is over the
sites of a plane. The samples are replaced where LibRaw has them, 0 … 65535 for 0 … 1.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from os import cpu_count
from typing import Any

import numpy as np
from numpy.typing import NDArray

from relume.io import pixels
from relume.io.raw.dng_tags import Stated

TOP = 65535


def site_black(stated: Stated, rows: NDArray[Any], columns: NDArray[Any]) -> NDArray[np.float64]:
    """Return black at places of the whole frame, (rows, columns, samples)."""
    down, across = rows - stated.origin[0], columns - stated.origin[1]
    black = stated.black[np.ix_(down % stated.black.shape[0], across % stated.black.shape[1])]
    for levels, places, shape in (
        (stated.black_rows, down, (-1, 1, 1)),
        (stated.black_columns, across, (1, -1, 1)),
    ):
        if levels.size:
            black = black + levels[np.clip(places, 0, levels.size - 1)].reshape(shape)
    return black


def most_black(stated: Stated) -> NDArray[np.float64]:
    """Return the largest black of each sample of a pixel."""
    most = stated.black.max(axis=(0, 1))
    for levels in (stated.black_rows, stated.black_columns):
        most = most + (levels.max() if levels.size else 0.0)
    return most


def rescale(
    samples: NDArray[Any],
    stated: Stated,
    *,
    at: tuple[int, int],
    white: NDArray[np.float64],
    target: NDArray[np.uint16],
) -> None:
    """Write reference values of `samples`, (H, W, C), into `target`, of the same size or the same
    memory.

    `at` is where they begin in the whole frame, `white` the counts at saturation of each sample.
    """
    height, width = samples.shape[:2]
    columns = np.arange(width) + at[1]
    scale = (TOP / np.maximum(white - most_black(stated), 1e-12)).astype(np.float32)

    def fill(top: int) -> None:
        strip = samples[top : top + pixels.ROWS]
        rows = np.arange(top, top + len(strip)) + at[0]
        light = strip - site_black(stated, rows, columns).astype(np.float32)
        light *= scale
        np.nan_to_num(light, copy=False, nan=0.0, posinf=TOP, neginf=0.0)
        light += np.float32(0.5)
        target[top : top + len(strip)] = np.clip(light, 0, TOP)

    with ThreadPoolExecutor(cpu_count()) as pool:
        list(pool.map(fill, range(0, height, pixels.ROWS)))
