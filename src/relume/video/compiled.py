"""The compiled functions on planes, or None where NumPy is to do their work.

RELUME_KERNEL=numpy in the environment switches them off, as it does the renderer's.
"""

from __future__ import annotations

import os
from functools import cache
from importlib import import_module
from typing import Any, Protocol, TypeAlias, cast

from numpy.typing import NDArray

Array: TypeAlias = NDArray[Any]
Code: TypeAlias = tuple[int, int, int, float, float, float, float, float, float, float]
"""Bytes of a sample; log₂ of luma per chroma sample, across and down; codes of black, span of luma,
neutral, span of chroma, top; K_R, K_B."""
Places: TypeAlias = tuple[Array, Array, Array, Array]
"""Of the rows and of the columns of chroma: the sample of a map before each, and how far it is to
the next."""
Curves: TypeAlias = tuple[tuple[int, int, int], Array, Array, Array, Array, Array, Array, Array]
"""Cells down, across, levels of each; tables; places; level before each code, and how far on."""
Lift: TypeAlias = tuple[tuple[int, int], Array, Array, Array, Array, Array, Array, float]
"""Size of the maps; slope, offset; places; strength."""

INTERFACE = 4
"""Of the functions below; an older build of another number is not called."""


class WholeRows(Protocol):
    """Works on rows first … last − 1 of chroma and their luma, of `kind` bytes a sample."""

    def __call__(
        self, code: Code, kind: int, planes: tuple[Array, ...], rgb: Array, first: int, last: int, /
    ) -> None: ...


class PlaneCode(Protocol):
    """The functions of _planes.c."""

    INTERFACE: int
    to_rgb: WholeRows
    """Turns planes into pixels."""
    from_rgb: WholeRows
    """Stores pixels as planes, luma dithered."""

    def blocks(self, code: Code, y: Array, u: Array, v: Array, first: int, rgb: Array, /) -> None:
        """Turn rows of chroma and the whole luma into the colours of blocks."""
        ...

    def paint(
        self,
        code: Code,
        depth: int,
        curves: Curves,
        lift: Lift | None,
        rgb: Array | None,
        planes: tuple[Array, ...],
        new: tuple[Array, ...],
        first: int,
        last: int,
        /,
    ) -> None:
        """Paint rows of chroma and their luma, by a lift or by painted colours of the rows."""
        ...

    def shrink(self, kind: int, plane: Array, step: int, target: Array, /) -> None:
        """Average a plane of samples of `kind` bytes, every step-th row of it, over areas."""
        ...

    def areas(self, pixels: Array, target: Array, /) -> None:
        """Average rows of float RGB pixels over areas of whole ones."""
        ...

    def limit(self, most: int, /) -> int:
        """Use vectors of any processor (0), AVX2 (1), AVX-512 (2) at most; return which."""
        ...


@cache
def _load() -> PlaneCode | None:
    try:
        found = cast(PlaneCode, import_module("relume.video._planes"))
    except ImportError:
        return None
    return found if found.INTERFACE == INTERFACE else None


def plane_code() -> PlaneCode | None:
    """Return the compiled functions, or None."""
    return None if os.environ.get("RELUME_KERNEL") == "numpy" else _load()
