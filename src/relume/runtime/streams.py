"""Restore and lift a picture in strips that stream through the compiled layers from top to bottom.

A strip has a halo to its left and right only, and what its rows need of each other is computed
once. Where nothing is to be restored, for more rows than it pays to compute them in vain, the strip
is lifted without the network.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from relume import render
from relume.arrays import Map, Picture
from relume.frozen import frozen
from relume.render import Grid, Lift
from relume.render.bands import for_each
from relume.render.placement import Taps, place
from relume.render.restoration import BLOCK, CellLayers, Piece, Restorer

WIDEST = 1024
"""Pixels of a strip without its halo: the rows of features that are held stay in the second-level
cache. Measured at 12 megapixels: see benchmarks/restoration.py."""


@frozen
class Stretch:
    """Part of a strip, restored or only lifted."""

    piece: Piece
    restored: bool


def streamed(
    layers: CellLayers,
    lift: Lift,
    amount: Map,
    picture: Picture,
    *,
    strength: float,
    halo: int,
    threads: int | None,
    out: Picture | None = None,
) -> Picture:
    """Return the picture restored by `amount` and lifted; bytes are dithered. It is written into
    `out` where that is contiguous memory of its own."""
    picture = np.ascontiguousarray(picture)
    fits = out is not None and out.flags.c_contiguous and not np.shares_memory(picture, out)
    result = out if out is not None and fits else np.empty_like(picture)
    restorer = Restorer(layers, lift, amount, picture, result, strength=strength, halo=halo)

    def paint(stretch: Stretch) -> None:
        if stretch.restored:
            restorer.paint(stretch.piece)
        else:
            _lift(lift, picture, result, stretch.piece, strength=strength)

    for_each(paint, stretches(amount, lift.grid, picture, halo=halo), threads=threads)
    return result


def stretches(amount: Map, grid: Grid, picture: Picture, *, halo: int) -> Iterator[Stretch]:
    """Cut a picture into strips, and these into what is restored and what is not."""
    height, width = picture.shape[0], picture.shape[1]
    rows, columns = place(grid, small=(amount.shape[0], amount.shape[1]), full=(height, width))
    for left, right in _strips(width):
        some = amount[:, _reached(columns, left, right)].max(axis=(1, 2)) > 0
        wanted = _between(some, rows)
        for first, last, restored in _runs(wanted, shortest=2 * halo):
            yield Stretch(Piece((first, last), (left, right)), restored)


def _strips(width: int) -> Iterator[tuple[int, int]]:
    """Cut columns evenly, into an even number of strips, since most processors have an even number
    of cores; a narrow picture is one strip."""
    count = 1 if width <= WIDEST else 2 * -(-width // (2 * WIDEST))
    blocks = -(-width // BLOCK)
    edges = [BLOCK * (blocks * each // count) for each in range(count)]
    return zip(edges, [*edges[1:], width], strict=True)


def _reached(columns: Taps, left: int, right: int) -> slice:
    """Return the columns of a small map that reach pixels left … right − 1."""
    return slice(int(columns.index[left]), int(columns.index[right - 1]) + 2)


def _between(some: NDArray[np.bool_], rows: Taps) -> NDArray[np.bool_]:
    """Say of each row of pixels whether a row of the map with some of it reaches it."""
    return some[rows.index] | some[np.minimum(rows.index + 1, len(some) - 1)]


def _runs(wanted: NDArray[np.bool_], *, shortest: int) -> Iterator[tuple[int, int, bool]]:
    """Yield runs of rows, from … to in whole blocks; gaps of at most `shortest` rows are filled."""
    height = len(wanted)
    blocks = np.add.reduceat(wanted, np.arange(0, height, BLOCK)) > 0
    runs: list[tuple[int, int]] = []  # of blocks that are wanted
    for block in np.flatnonzero(blocks).tolist():
        if runs and (block - runs[-1][1]) * BLOCK <= shortest:
            runs[-1] = (runs[-1][0], block + 1)
        else:
            runs.append((block, block + 1))
    done = 0
    for first, last in runs:
        if first > done:
            yield done * BLOCK, first * BLOCK, False
        yield first * BLOCK, min(last * BLOCK, height), True
        done = last
    if done * BLOCK < height:
        yield done * BLOCK, height, False


def _lift(lift: Lift, picture: Picture, result: Picture, piece: Piece, *, strength: float) -> None:
    """Lift a piece that keeps its noise."""
    inner = slice(*piece.rows), slice(*piece.columns)
    rows, columns = (
        offset + scale * part.start
        for scale, offset, part in zip(lift.grid.scale, lift.grid.offset, inner, strict=True)
    )
    first = (piece.rows[0], piece.columns[0])
    here = Lift(lift.slope, lift.offset, Grid(lift.grid.scale, (rows, columns)), dither=first)
    render.apply(here, picture[inner], strength=strength, out=result[inner], threads=1)
