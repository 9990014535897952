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
Size: TypeAlias = tuple[int, int, int]

INTERFACE = 1
"""Of the functions below; an older build of another number is not called."""


class PlaneCode(Protocol):
    """The functions of _planes.c."""

    INTERFACE: int

    def blocks(
        self, code: Code, y: Array, u: Array, v: Array, first: int, mean: Array, rgb: Array, /
    ) -> None: ...

    def recolour(
        self,
        code: Code,
        size: Size,
        table: Array,
        row: Array,
        row_weight: Array,
        column: Array,
        column_weight: Array,
        rgb: Array,
        mean: Array,
        u: Array,
        v: Array,
        beyond: Array,
        /,
    ) -> None: ...

    def follow(
        self,
        code: Code,
        size: Size,
        table: Array,
        row: Array,
        row_weight: Array,
        column: Array,
        column_weight: Array,
        source: Array,
        target: Array,
        beyond: Array,
        first: int,
        level: Array,
        part: Array,
        /,
    ) -> None: ...


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
