"""The tile cutter: a picture in pieces with halos, all of one size, with least computed twice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import isqrt

from relume.card import Card
from relume.frozen import frozen

MEMORY = 64 * 2**20
"""Bytes of working memory for one tile of a network. Larger tiles are slower per pixel: their
features leave the processor's caches (measured: 0.26 µs at 128 × 128, 0.33 at 288, 0.64 at 443)."""


@frozen
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
