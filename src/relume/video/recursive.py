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


class Recursive:
    """The running means of the planes of a scene."""

    def __init__(self, depth: int) -> None:
        self._scale = float(2 ** (depth - 8))
        self._means: Planes = ()
        self._counts: list[Plane] = []
        """Empty while each mean is one frame."""

    def begin_scene(self) -> None:
        """Forget what was before a cut."""
        self._means, self._counts = (), []

    def __call__(self, planes: Planes) -> Planes:
        """Return the planes with less noise, as float32 codes where there was any."""
        noise = self._noise(planes) if self._means else 0.0
        if noise < LEAST * self._scale:
            self._means, self._counts = planes, []
            return planes
        means, counts = [mean.astype(np.float32) for mean in self._means], self._counts
        if not counts:
            counts = [np.ones_like(mean) for mean in means]
        for index, (plane, mean, count) in enumerate(zip(planes, means, counts, strict=True)):
            change = plane.astype(np.float32) - mean
            restarted = np.where(
                _moves(change, count, noise), 1, np.minimum(count + 1, MOST)
            ).astype(np.float32)
            counts[index] = restarted
            means[index] = (mean + change / restarted).astype(np.float32, copy=False)
        self._means, self._counts = tuple(means), counts
        return self._means

    def _noise(self, planes: Planes) -> float:
        now, mean = (sampled(each).astype(np.float32) for each in (planes[0], self._means[0]))
        counts = sampled(self._counts[0]) if self._counts else np.ones_like(now)
        return deviation(now, mean, counts)


def sampled(plane: NDArray[Any]) -> NDArray[Any]:
    """Return every fourth row of blocks of a large plane, any other as it is."""
    tall, wide = plane.shape
    if tall < 32 * BLOCK:
        return plane
    parts = tall // (4 * BLOCK)
    return plane[: parts * 4 * BLOCK].reshape(parts, 4 * BLOCK, wide)[:, :BLOCK].reshape(-1, wide)


def deviation(now: Plane, mean: Plane, counts: Plane) -> float:
    """Return the standard deviation of the noise of a frame, from its difference to the means."""
    tall, wide = (size // BLOCK * BLOCK for size in now.shape)
    if not (tall and wide):
        return 0.0
    change = (now - mean)[:tall, :wide] / np.sqrt(1 + 1 / counts[:tall, :wide])
    blocks = np.square(change).reshape(tall // BLOCK, BLOCK, wide // BLOCK, BLOCK)
    squares = np.sort(blocks.mean(axis=(1, 3)), axis=None)
    return float(np.sqrt(squares[: -(-len(squares) // 4)].mean()))


def _moves(change: Plane, counts: Plane, noise: float) -> NDArray[Any]:
    """Tell where the mean difference around a sample is more than noise."""
    bound = BOUND * noise * np.sqrt(1 + 1 / counts) / 5
    return np.abs(_box(change)) > bound


def _box(plane: Plane) -> Plane:
    """Average over 5 × 5 samples."""
    padded = np.pad(plane, 2, mode="edge")
    tall, wide = plane.shape
    rows = np.add.reduce([padded[i : i + tall] for i in range(5)])
    total = np.add.reduce([rows[:, i : i + wide] for i in range(5)])
    return np.asarray(total / 25, np.float32)
