"""Noise averaged along time before a frame is restored: what stands still gets less of it.

Each luma and chroma sample is the mean of the frames since it last changed, at most MOST:

    n ← min(n + 1, MOST)      y ← y + (x − y) / n

and n begins anew at 1 where the mean of x − y over the 5 × 5 samples around is more than noise can
make it, BOUND standard deviations. This is the recursive filter of television (Dennis, Dreesen:
noise reduction with motion detection), with a count instead of a fixed share, so that the second
frame of a scene is its mean with the first.

How much noise there is is measured: half the mean square of the difference of two frames, over the
quarter of blocks that differ least. Videos stored at ordinary qualities have next to none: then
nothing is done, since there is nothing to gain.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from relume.video.layout import Planes
from relume.video.small import Plane

MOST = 8
"""Frames averaged at most: noise falls to 0.35 of what it was."""
BOUND = 3.0
LEAST = 0.6
"""Standard deviation, in codes of 8 bits, under which there is nothing to average."""
BLOCK = 8
ROWS = 64
"""Of a band: what is computed of it stays in the second-level cache."""


class Recursive:
    """The running means of the planes of a scene."""

    def __init__(self, depth: int) -> None:
        self._scale = float(2 ** (depth - 8))
        self._means: Planes = ()
        self._counts: list[NDArray[np.uint8]] = []
        """Empty while each mean is one frame."""

    def begin_scene(self) -> None:
        """Forget what was before a cut."""
        self._means, self._counts = (), []

    def __call__(self, planes: Planes) -> Planes:
        """Return the planes with less noise, as float32 codes where there was any: memory that the
        next call writes into."""
        noise = self._noise(planes) if self._means else 0.0
        if noise < LEAST * self._scale:
            self._means, self._counts = planes, []
            return planes
        if not self._counts:
            self._means = tuple(mean.astype(np.float32) for mean in self._means)
            self._counts = [np.ones(mean.shape, np.uint8) for mean in self._means]
        for plane, mean, count in zip(planes, self._means, self._counts, strict=True):
            _follow(plane, mean, count, noise)
        return self._means

    def _noise(self, planes: Planes) -> float:
        now, mean = (sampled(each).astype(np.float32) for each in (planes[0], self._means[0]))
        counts = sampled(self._counts[0]) if self._counts else np.ones(now.shape, np.uint8)
        return deviation(now, mean, counts)


def sampled(plane: NDArray[Any]) -> NDArray[Any]:
    """Return every fourth row of blocks of a large plane, any other as it is."""
    tall, wide = plane.shape
    if tall < 32 * BLOCK:
        return plane
    parts = tall // (4 * BLOCK)
    return plane[: parts * 4 * BLOCK].reshape(parts, 4 * BLOCK, wide)[:, :BLOCK].reshape(-1, wide)


def deviation(now: Plane, mean: Plane, counts: NDArray[np.uint8]) -> float:
    """Return the standard deviation of the noise of a frame, from its difference to the means."""
    tall, wide = (size // BLOCK * BLOCK for size in now.shape)
    if not (tall and wide):
        return 0.0
    change = (now - mean)[:tall, :wide] / _growth(counts[:tall, :wide])
    blocks = np.square(change).reshape(tall // BLOCK, BLOCK, wide // BLOCK, BLOCK)
    squares = np.sort(blocks.mean(axis=(1, 3)), axis=None)
    return float(np.sqrt(squares[: -(-len(squares) // 4)].mean()))


def _growth(counts: NDArray[np.uint8]) -> Plane:
    """Return by how much the difference to the mean of so many frames is noisier than a frame."""
    return np.sqrt(1 + 1 / np.maximum(np.arange(MOST + 1, dtype=np.float32), 1))[counts]


def _follow(plane: NDArray[Any], mean: Plane, count: NDArray[np.uint8], noise: float) -> None:
    """Bring a mean and its counts up to a plane, in place, in bands: what is computed in between is
    no larger."""
    tall = len(plane)
    above: Plane | None = None
    for first in range(0, tall, ROWS):
        rows = min(ROWS, tall - first)
        change = plane[first : first + rows + 2].astype(np.float32)
        change -= mean[first : first + rows + 2]
        missing = rows + 2 - len(change)
        before = np.repeat(change[:1], 2, axis=0) if above is None else above
        around = np.concatenate([before, change, np.repeat(change[-1:], missing, axis=0)])
        above = change[rows - 2 : rows].copy()  # the means there are about to be others
        counts, change = count[first : first + rows], change[:rows]
        moves = np.abs(_box(around)) > np.float32(BOUND * noise / 5) * _growth(counts)
        np.minimum(counts + np.uint8(1), MOST, out=counts)
        counts[moves] = 1
        change /= counts
        mean[first : first + rows] += change


def _box(rows: Plane) -> Plane:
    """Average over 5 × 5 samples: of h + 4 rows, h are returned."""
    tall, wide = len(rows) - 4, rows.shape[1]
    padded = np.pad(np.add.reduce([rows[i : i + tall] for i in range(5)]), ((0, 0), (2, 2)), "edge")
    total = padded[:, :wide].copy()
    for i in range(1, 5):
        total += padded[:, i : i + wide]
    total /= 25
    return total
