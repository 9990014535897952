"""Upright local features of a picture that survive exposure, noise and JPEG.

The logarithm of luma turns exposure into an offset; blobs are found in it at six sizes and each is
described by its gradient directions, 4 × 4 cells of 8 directions, as in SIFT. Directions do not
change under any rising tone curve. There is no rotation to a dominant direction: pictures of a
dataset are upright, and the eight turns and mirror images of a square permute a descriptor exactly.

Source: Lowe, IJCV 60(2), 2004, sections 3, 4 and 6.1; square root of the normalised descriptor:
Arandjelović, Zisserman, CVPR 2012, section 2.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from relume.arrays import Floats
from relume.audit.planes import blur, shrink

LEVELS = 6
"""Sizes at which blobs are found; each is 1/√2 of the one before."""
CELL = 6
"""Pixels between the centres of a descriptor's cells; even, so that they lie on pixels."""
CELLS = 4
DIRECTIONS = 8
WIDTH = CELLS * CELLS * DIRECTIONS
"""Numbers in a descriptor."""
_SMALLEST = 32
"""Pixels of a level's shorter side, under which a descriptor would cover all of it."""
_BORDER = 4
"""Pixels at the frame where no blob is looked for: its neighbourhood is mirrored, not seen."""
_EDGE = 11.0**2 / 10.0
"""Lowe's limit on (trace²/determinant) of a blob's curvature: longer shapes are edges."""
_PER_TILE = 3
"""Blobs per tile that come before any other tile's next: features cover the frame."""


@dataclass(frozen=True, eq=False)
class Keypoints:
    """N places of a plane: where (x, y, in pixels from its corner), how large, what is there."""

    places: NDArray[np.float32]
    """(N, 2)."""
    sizes: NDArray[np.float32]
    """(N,), 1 for the smallest blobs."""
    descriptors: NDArray[np.uint8]
    """(N, WIDTH), 255 · √share of each direction in each cell; squares sum to about 255²."""


def find(plane: Floats, *, most: int) -> Keypoints:
    """Find about `most` blobs in (H, W) log luma."""
    height, width = plane.shape
    shares = [2.0**-level for level in range(LEVELS)]  # blobs per level follow its area
    found: list[Keypoints] = []
    for level, share in enumerate(shares):
        factor = 2.0 ** (-level / 2)
        tall, wide = round(height * factor), round(width * factor)
        if min(tall, wide) < _SMALLEST:
            break
        plane = shrink(plane, tall, wide)  # each level from the one before: few pixels per mean
        smooth = blur(plane, sigma=1.0)
        rows, columns = _blobs(smooth - blur(plane, sigma=2.0), round(most * share / sum(shares)))
        places = np.stack([(columns + 0.5) * (width / wide), (rows + 0.5) * (height / tall)], 1)
        sizes = np.full(len(rows), 1.0 / factor, np.float32)
        descriptors = _describe(smooth, rows, columns)
        found.append(Keypoints(places.astype(np.float32), sizes, descriptors))
    if not found:
        nothing = np.zeros((0, 2), np.float32)
        return Keypoints(nothing, nothing[:, 0], np.zeros((0, WIDTH), np.uint8))
    return Keypoints(
        np.concatenate([each.places for each in found]),
        np.concatenate([each.sizes for each in found]),
        np.concatenate([each.descriptors for each in found]),
    )


def _blobs(response: Floats, most: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return rows and columns of the strongest extrema that are no edges, spread over the frame."""
    middle = response[1:-1, 1:-1]
    across = response[1:-1, 2:] + response[1:-1, :-2] - 2.0 * middle
    down = response[2:, 1:-1] + response[:-2, 1:-1] - 2.0 * middle
    # An extremum curves the same way along both axes; looking only there saves most of the work.
    height, width = response.shape
    strength = np.abs(response)
    rows, columns = np.nonzero(across * down > 0.0)
    rows, columns = rows + 1, columns + 1
    inside = (
        (rows >= _BORDER)
        & (rows < height - _BORDER)
        & (columns >= _BORDER)
        & (columns < width - _BORDER)
    )
    rows, columns = rows[inside], columns[inside]
    for y, x in ((0, 1), (0, -1), (1, 0), (-1, 0), (1, 1), (1, -1), (-1, 1), (-1, -1)):
        peak = strength[rows, columns] >= strength[rows + y, columns + x]
        rows, columns = rows[peak], columns[peak]
    r, c = rows, columns
    slanted = 0.25 * (
        response[r + 1, c + 1] + response[r - 1, c - 1]
        - response[r + 1, c - 1] - response[r - 1, c + 1]
    )  # fmt: skip
    across, down = across[r - 1, c - 1], down[r - 1, c - 1]
    determinant = across * down - slanted**2
    round_ = (determinant > 0.0) & ((across + down) ** 2 < _EDGE * determinant)
    rows, columns = rows[round_], columns[round_]
    chosen = _spread(strength[rows, columns], rows, columns, size=(height, width), most=most)
    return rows[chosen], columns[chosen]


def _spread(
    strength: Floats,
    rows: NDArray[np.intp],
    columns: NDArray[np.intp],
    *,
    size: tuple[int, int],
    most: int,
) -> NDArray[np.intp]:
    """Return the indices of the strongest, the first few of every tile before more of any."""
    side = max(8, round(np.sqrt(size[0] * size[1] * _PER_TILE / max(most, 1))))
    tile = (rows // side) * (size[1] // side + 1) + columns // side
    order = np.lexsort((-strength, tile))
    sorted_tile = tile[order]
    index = np.arange(len(order))
    is_first = np.ones(len(order), bool)
    is_first[1:] = sorted_tile[1:] != sorted_tile[:-1]
    rank = np.empty(len(order), np.intp)
    rank[order] = index - np.maximum.accumulate(np.where(is_first, index, 0))
    return np.lexsort((-strength, rank // _PER_TILE))[:most]


def _describe(
    smooth: Floats, rows: NDArray[np.intp], columns: NDArray[np.intp]
) -> NDArray[np.uint8]:
    """Return the share of each direction in each cell around each place."""
    down, across = np.gradient(smooth)
    length = np.hypot(across, down)
    angle = np.arctan2(down, across) * np.float32(DIRECTIONS / (2.0 * np.pi))  # in [−4, 4]
    below = np.floor(angle)
    part = (angle - below) * length
    first = below.astype(np.intp) % DIRECTIONS
    maps = np.zeros((DIRECTIONS, *smooth.shape), np.float32)
    flat, pixel = maps.reshape(DIRECTIONS, -1), np.arange(smooth.size)
    flat[first.ravel(), pixel] = (length - part).ravel()
    flat[(first.ravel() + 1) % DIRECTIONS, pixel] = part.ravel()
    maps = blur(maps, sigma=CELL / 2)
    offsets = (np.arange(CELLS) * CELL) - (CELLS - 1) * CELL // 2
    y = np.clip(rows[:, None] + offsets, 0, smooth.shape[0] - 1)
    x = np.clip(columns[:, None] + offsets, 0, smooth.shape[1] - 1)
    cells = np.moveaxis(maps[:, y[:, :, None], x[:, None, :]], 0, -1).reshape(len(rows), WIDTH)
    total = np.maximum(cells.sum(axis=1, keepdims=True), 1e-9)  # a flat place has no direction
    return np.rint(255.0 * np.sqrt(cells / total)).astype(np.uint8)


@dataclass(frozen=True)
class Turn:
    """One of the eight ways to lay a picture down: mirrored left to right or not, then turned."""

    quarters: int
    """Quarter turns against the clock, 0–3."""
    mirrored: bool

    def __str__(self) -> str:
        if self.mirrored and self.quarters == 2:
            return "flipped top to bottom"
        parts = ["mirrored"] if self.mirrored else []
        if self.quarters:
            parts.append(f"turned by {(90, 180, -90)[self.quarters - 1]}°")
        return ", ".join(parts)

    def plane(self, plane: Floats) -> Floats:
        """Turn (H, W)."""
        return np.rot90(plane[:, ::-1] if self.mirrored else plane, self.quarters)

    def descriptors(self, descriptors: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Turn (N, WIDTH): the cells move, and the directions with them."""
        return descriptors[:, _permutation(self)]

    def keypoints(self, keypoints: Keypoints, *, height: int, width: int) -> Keypoints:
        """Turn the keypoints of a (height, width) plane."""
        x, y = keypoints.places.T
        if self.mirrored:
            x = width - x
        for _ in range(self.quarters):
            x, y = y, width - x
            height, width = width, height
        places = np.stack([x, y], axis=1)
        return Keypoints(places, keypoints.sizes, self.descriptors(keypoints.descriptors))


TURNS = tuple(Turn(quarters, mirrored) for mirrored in (False, True) for quarters in range(4))
"""All eight; the first leaves a picture as it is."""


@cache
def _permutation(turn: Turn) -> NDArray[np.intp]:
    index = np.arange(WIDTH).reshape(CELLS, CELLS, DIRECTIONS)
    direction = np.arange(DIRECTIONS)
    if turn.mirrored:
        index = index[:, ::-1][..., (DIRECTIONS // 2 - direction) % DIRECTIONS]
    for _ in range(turn.quarters):
        index = np.rot90(index)[..., (direction + DIRECTIONS // 4) % DIRECTIONS]
    return index.ravel()
