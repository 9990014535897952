"""Bring any picture into the form a method wants and back, in tiles where that is exact.

A method whose `reach` is a number is run on tiles with a halo of that width: the result equals
the whole picture's. One whose reach is None sees the whole picture at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import isfinite, isqrt
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

Indices: TypeAlias = NDArray[np.intp]

LEAST, MOST = -1.0, 2.0
"""Floats that may stand for light in [0, 1]: filters overshoot a little, another range a lot."""
MEMORY = 64 * 2**20
"""Bytes of working memory for one tile of a network. Larger tiles are slower per pixel: their
features leave the processor's caches (measured: 0.26 µs at 128 × 128, 0.33 at 288, 0.64 at 443)."""


@dataclass(frozen=True)
class Tile:
    """One piece of a picture: what is computed (`outer`) and what of it is kept (`inner`)."""

    outer: tuple[slice, slice]
    inner: tuple[slice, slice]

    @property
    def crop(self) -> tuple[slice, slice]:
        """Where `inner` lies inside `outer`."""
        return tuple(
            slice(keep.start - whole.start, keep.stop - whole.start)
            for keep, whole in zip(self.inner, self.outer, strict=True)
        )  # pyright: ignore[reportReturnType]  (a generator's length is unknown to the checker)


def side_of_tile(card: Card, *, memory: int = MEMORY) -> int:
    """Return the side of the tile that fits into `memory`, halo included."""
    return max(isqrt(memory // card.bytes_per_pixel), 2 * (card.reach or 0) + 64)


def tiles(height: int, width: int, *, side: int, halo: int, multiple_of: int = 1) -> Iterator[Tile]:
    """Cut a picture into tiles of at most side² pixels with their halo, each starting at a
    multiple; a picture that is no larger is one tile.

    What is computed has one size for all of them, once it is padded to a multiple, since an engine
    prepares for a size. That size is the one that takes least work: halos are computed twice, and
    of two workers neither should wait for the other's last tile.
    """
    halo = -(-halo // multiple_of) * multiple_of
    most = max(side, 2 * halo + multiple_of) ** 2
    padded = [-(-size // multiple_of) * multiple_of for size in (height, width)]
    tall, wide = (
        padded if padded[0] * padded[1] <= most else _least(padded, most, halo, multiple_of)
    )
    across = list(_spans(width, whole=wide, halo=halo, multiple_of=multiple_of))
    for down, seen_down in _spans(height, whole=tall, halo=halo, multiple_of=multiple_of):
        for right, seen_right in across:
            yield Tile(outer=(seen_down, seen_right), inner=(down, right))


def pieces_of(height: int, width: int, *, card: Card, side: int) -> Iterator[Tile]:
    """Cut a picture into tiles of `side` as a card allows: where its reach is None, not at all."""
    if card.reach is not None:
        return tiles(height, width, side=side, halo=card.reach, multiple_of=card.multiple_of)
    whole = slice(0, height), slice(0, width)
    return iter([Tile(outer=whole, inner=whole)])


def _least(padded: Sequence[int], most: int, halo: int, multiple_of: int) -> tuple[int, int]:
    """Return height and width of the tiles that cost least among those of at most `most` pixels."""
    height, width = padded
    found: list[tuple[int, int, int]] = []
    for rows in range(1, height // multiple_of + 1):
        tall = _whole(height, rows, halo, multiple_of)
        if rows > 1 and tall <= 2 * halo:
            break
        widest = min(most // tall // multiple_of * multiple_of, width)
        if widest < width and widest <= 2 * halo:
            continue
        columns = 1 if widest == width else -(-(width - 2 * halo) // (widest - 2 * halo))
        for count in (columns, columns + 1):  # an odd number of tiles may cost more than an even
            wide = _whole(width, count, halo, multiple_of)
            if count == 1 or wide > 2 * halo:
                number = rows * count
                found.append(((number + number % 2) * tall * wide, tall, wide))
    _, tall, wide = min(found)
    return tall, wide


def _whole(size: int, count: int, halo: int, multiple_of: int) -> int:
    """Return how much each of `count` equal pieces sees of a side, halos between them included."""
    return -(-(size + 2 * halo * (count - 1)) // (count * multiple_of)) * multiple_of


def _spans(size: int, *, whole: int, halo: int, multiple_of: int) -> Iterator[tuple[slice, slice]]:
    """Cut one side into pieces that see `whole`; yield what is kept and what is computed for it."""
    last = -(-size // multiple_of) * multiple_of - whole
    first = start = 0
    while start < size:
        first = min(first, last)
        stop = size if first == last else first + whole - halo
        yield slice(start, stop), slice(first, min(first + whole, size))
        start, first = stop, first + whole - 2 * halo


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
    strength: float = 1.0,
    side: int | None = None,
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

    pieces = pieces_of(height, width, card=card, side=side or side_of_tile(card))
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
