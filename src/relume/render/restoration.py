"""Restoration and lift in one compiled pass: what roots have too much, row by row, then the lift.

A picture streams through the layers of a network, of which only a few rows of features are ever
held. It is the compiled part of what `relume.render.Lift` does with a Noise, and of the network
that finds it; without a compiler there is nothing here, and the caller takes the other way.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Any, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from relume.arrays import Map, Picture
from relume.errors import ContractError
from relume.frozen import frozen
from relume.levels import check_picture
from relume.render.kernel import MapCall, kernel
from relume.render.maps import Lift
from relume.render.placement import bounded_amount, place, prepared_map, prepared_offset
from relume.render.samples import channels

INTERFACE = 3
"""Of the functions below; an older build of another number is not called."""

BLOCK = 8
"""Pixels: pieces consist of whole blocks, as half the cells of 4 × 4 are looked at together."""

SETS = {"": 0, "128 bit": 1, "AVX2": 2, "AVX-512": 3}
"""Instruction sets; the empty name takes the best there is."""


@frozen(eq=False)
class CellLayers:
    """A network that shrinks the coefficients of cells, as a table; see program.h."""

    table: NDArray[np.int32]
    """(layers, 15)."""
    weights: NDArray[np.float32]
    black: tuple[float, float, float, float]
    """detail, rounding, strong, level: see relume.nn.cell_shrinkage."""


@frozen
class Piece:
    """A part of a picture: rows and columns from … to, in pixels; the first begin a block."""

    rows: tuple[int, int]
    columns: tuple[int, int]


class Compiled(Protocol):
    """What `_restoration.c` makes known."""

    INTERFACE: int
    INSTRUCTIONS: str

    lift: MapCall

    def averages(self, *arguments: Any) -> None: ...
    def depthwise(self, *arguments: Any) -> None: ...
    def noise(self, *arguments: Any) -> None: ...
    def pointwise(self, *arguments: Any) -> None: ...
    def restore(self, *arguments: Any) -> None: ...


@cache
def _load() -> Compiled | None:
    try:
        found = cast(Compiled, import_module("relume.render._restoration"))
    except ImportError:
        return None
    return found if found.INTERFACE == INTERFACE and found.INSTRUCTIONS else None


def instructions() -> str | None:
    """Return the instruction set that restores here; None where nothing is compiled for it."""
    found = _load()
    return None if found is None or kernel() is None else found.INSTRUCTIONS


def vector_lift() -> MapCall | None:
    """Return the kernel's `lift` for the best instruction set here; None where there is none.

    Against the kernel's own a sample in some thousands differs by a level, by how sums are rounded.
    """
    found = _load()
    return None if found is None else found.lift


def noise(layers: CellLayers, picture: Picture, *, instructions: str = "") -> NDArray[np.float32]:
    """Return what the roots of a picture have too much, (C, h, w), padded to whole blocks.

    Raises: ContractError for no such picture, or an instruction set that is not here.
    """
    check_picture(picture)
    picture = np.ascontiguousarray(picture)
    height, width = picture.shape[:2]
    whole = _blocks(height), _blocks(width)
    found = np.empty((channels(picture), *whole), np.float32)
    try:
        compiled().noise(
            *_head(layers, instructions), picture, *_size(picture), (0, 0, *whole), found
        )
    except ValueError as error:
        raise ContractError(f"restoration: {error}") from error
    return found


class Restorer:
    """A lift with restoration, prepared for one picture; pieces may be painted side by side."""

    def __init__(
        self,
        layers: CellLayers,
        lift: Lift,
        amount: Map,
        picture: Picture,
        result: Picture,
        *,
        strength: float,
        halo: int,
    ) -> None:
        """`amount` is how much is restored where, (h, w, 1) in [0, 1]; `result`, another array like
        the picture, receives the pieces; `halo` is how far the network looks, in pixels."""
        if np.shares_memory(picture, result):
            raise ContractError("result: is the picture itself, which other pieces still look at")
        if not picture.flags.c_contiguous or not result.flags.c_contiguous:
            raise ContractError("picture, result: expected contiguous arrays")
        slope, offset = prepared_map(lift, picture), prepared_offset(lift, picture)
        amount = bounded_amount(amount, lift)
        self._slope = np.concatenate((slope, np.zeros_like(amount)), axis=2)
        self._offset = np.concatenate((offset, amount), axis=2)
        self._rows, self._columns = place(
            lift.grid, small=slope.shape[:2], full=(picture.shape[0], picture.shape[1])
        )
        self._layers, self._picture, self._result = layers, picture, result
        self._strength, self._halo = strength, -(-halo // BLOCK) * BLOCK

    def paint(self, inner: Piece) -> None:
        """Restore and lift a piece, dithered as bytes."""
        height, width = self._picture.shape[:2]
        (top, bottom), (left, right) = inner.rows, inner.columns
        first_row, first_column = max(top - self._halo, 0), max(left - self._halo, 0)
        seen = (
            first_row,
            first_column,
            min(_blocks(bottom) + self._halo, _blocks(height)) - first_row,
            min(_blocks(right) + self._halo, _blocks(width)) - first_column,
        )
        compiled().restore(
            *_head(self._layers, ""),
            self._picture,
            *_size(self._picture),
            seen,
            self._result,
            (top, left, bottom - top, right - left),
            self._slope,
            self._slope.shape,
            self._offset,
            self._rows.index[top:bottom],
            self._rows.weight[top:bottom],
            self._columns.index[left:right],
            self._columns.weight[left:right],
            self._strength,
            True,
        )


def compiled() -> Compiled:
    """Return the functions that are compiled. Raises: ContractError where there are none."""
    found = _load()
    if found is None:
        raise ContractError("restoration: nothing was compiled for it; ask `instructions` first")
    return found


def _blocks(size: int) -> int:
    return -(-size // BLOCK) * BLOCK


def _head(layers: CellLayers, instructions: str) -> tuple[Any, ...]:
    if instructions not in SETS:
        raise ContractError(f"instructions: expected one of {', '.join(SETS)}, got {instructions}")
    return layers.table, layers.weights, layers.black, SETS[instructions]


def _size(picture: Picture) -> tuple[int, tuple[int, int, int]]:
    return picture.itemsize, (picture.shape[0], picture.shape[1], channels(picture))
