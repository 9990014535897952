"""Bring any picture into the form a method wants and back, in tiles where that is exact.

A method whose `reach` is a number is run on tiles with a halo of that width: the result equals
the whole picture's. One whose reach is None sees the whole picture at once.
"""

from __future__ import annotations

from collections.abc import Callable
from math import isfinite
from threading import Lock
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from relume import levels
from relume.arrays import Map, Picture, Rgb
from relume.card import Card
from relume.errors import ContractError, WeightsError
from relume.levels import TOPS, to_rgb
from relume.render.bands import for_each
from relume.tiles.cutter import Tile, pieces_of

Indices: TypeAlias = NDArray[np.intp]

LEAST, MOST = -1.0, 2.0
"""Floats that may stand for light in [0, 1]: filters overshoot a little, another range a lot."""


def from_unit(unit: Rgb, like: Picture) -> Picture:
    """Turn (H, W, 3) float back into the type and number of channels of `like`."""
    if like.ndim == 2:
        unit = unit.mean(axis=2, dtype=np.float32)
    unit = np.clip(unit, 0.0, 1.0)
    if like.dtype.kind == "f":
        return unit.astype(like.dtype, copy=False)
    return np.rint(unit * TOPS[like.dtype]).astype(like.dtype)


def pad_to_multiple(image: Rgb, multiple_of: int) -> Rgb:
    """Extend right and bottom by replication to a multiple."""
    bottom, right = (-size % multiple_of for size in image.shape[:2])
    return (
        np.pad(image, ((0, bottom), (0, right), (0, 0)), mode="edge") if bottom or right else image
    )


def reduce_by(picture: Picture, factor: int) -> Rgb:
    """Reduce a picture by a whole factor, bilinearly (align_corners=False), reading only the
    samples needed; a size that is no multiple counts as extended by replication.

    (H, W[, 3]) → (⌈H/factor⌉, ⌈W/factor⌉, 3) in [0, 1].
    """
    indices: list[tuple[Indices, Indices]] = []
    for size in picture.shape[:2]:
        first = np.arange(-(-size // factor)) * factor + (factor - 1) // 2
        # An even factor samples midway between two pixels, an odd one on a pixel.
        second = first + (1 - factor % 2)
        indices.append((np.minimum(first, size - 1), np.minimum(second, size - 1)))
    (top, bottom), (left, right) = indices
    if factor % 2:
        return to_rgb(picture[np.ix_(top, left)])
    upper = to_rgb(picture[np.ix_(top, left)]) + to_rgb(picture[np.ix_(top, right)])
    lower = to_rgb(picture[np.ix_(bottom, left)]) + to_rgb(picture[np.ix_(bottom, right)])
    return ((upper + lower) / 4).astype(np.float32, copy=False)


def check_picture(picture: Picture) -> None:
    """Raise ContractError unless an array is one that relume works on."""
    levels.check_picture(picture, name="image")
    if picture.dtype != np.float32:
        return
    low, high = float(picture.min()), float(picture.max())
    if not (isfinite(low) and isfinite(high)):
        raise ContractError("image: expected finite values in [0, 1], got NaN or infinity")
    if low < LEAST or high > MOST:
        raise ContractError(
            f"image: expected floats in [0, 1], got {low:.4g} to {high:.4g}; divide by what white "
            "is, as image / 255: relume does not guess a range"
        )


def run_in_tiles(
    enhance: Callable[[Rgb], Rgb],
    picture: Picture,
    *,
    card: Card,
    side: int,
    strength: float = 1.0,
    threads: int | None = None,
) -> Picture:
    """Apply `enhance` to a picture piece by piece, never holding it whole as floats unless the
    card's reach is None."""
    height, width = picture.shape[:2]
    result = np.empty_like(picture)

    def paint(tile: Tile) -> None:
        low = to_rgb(picture[tile.outer])
        rows, columns = low.shape[:2]
        high = enhance(pad_to_multiple(low, card.multiple_of))[:rows, :columns]
        if strength != 1.0:
            high = (low + np.float32(strength) * (high - low)).astype(np.float32, copy=False)
        result[tile.inner] = from_unit(high[tile.crop], picture)

    pieces = pieces_of(height, width, card=card, side=side)
    for_each(paint, pieces, threads=threads)
    return result


def map_in_tiles(
    compute: Callable[[Rgb], dict[str, Map]],
    picture: Picture,
    *,
    card: Card,
    side: int,
    threads: int | None = None,
) -> dict[str, Map]:
    """Compute named maps of a picture piece by piece, whole where the card's reach is None.

    Maps of the piece's size become maps of the picture's size; another size is kept as it is, which
    only a method that sees the whole picture may return.
    """
    height, width = picture.shape[:2]
    found: dict[str, Map] = {}
    first = Lock()

    def fill(tile: Tile) -> None:
        low = pad_to_multiple(to_rgb(picture[tile.outer]), card.multiple_of)
        for name, piece in compute(low).items():
            if piece.shape[:2] != low.shape[:2]:
                if card.reach is not None:
                    raise WeightsError(
                        f"{card.name}: its map {name!r} has another size than the picture, which "
                        "only a method that sees the whole picture may return"
                    )
                found[name] = piece
                continue
            with first:
                if name not in found:
                    found[name] = np.empty((height, width, piece.shape[2]), np.float32)
            rows, columns = tile.inner
            found[name][rows, columns] = piece[tile.crop]

    pieces = pieces_of(height, width, card=card, side=side)
    for_each(fill, pieces, threads=threads)
    return found
