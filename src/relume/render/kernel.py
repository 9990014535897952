"""Which code renders: the compiled kernel, or NumPy where it is absent or switched off.

RELUME_KERNEL=numpy in the environment switches it off, at every call.
"""

from __future__ import annotations

import os
from functools import cache
from importlib import import_module
from typing import Any, Protocol, TypeAlias, cast

from numpy.typing import NDArray

from relume.errors import ContractError

INTERFACE = 4
"""Of the functions below; an older build of another number is not called."""

KNOTS = 65536
"""Knots of an interpolated transfer function, at i / (KNOTS − 1); tables repeat the last one."""

FINE = 32768
"""Entries for dark luma before the knots, one per thousandth of a level: where a function is steep
it is not straight from knot to knot."""

Array: TypeAlias = NDArray[Any]
Size: TypeAlias = tuple[int, int, int]


class MapCall(Protocol):
    """An operation on a small map; `more` is iterations, keep_hue, the offset, the change, or
    0 for tiles; for lift the offset and the place in the whole picture, with noise to take away
    its planes and their size and corner, too."""

    def __call__(
        self,
        source: Array,
        target: Array,
        kind: int,
        size: Size,
        small: Array,
        small_size: Size,
        row: Array,
        row_weight: Array,
        column: Array,
        column_weight: Array,
        strength: float,
        /,
        *more: Any,
    ) -> None: ...


class Kernel(Protocol):
    """The functions of kernel.h as _kernel.c wraps them: contiguous arrays; `kind` is the bytes of
    a sample, 1, 2 or 4."""

    INTERFACE: int
    INSTRUCTIONS: str
    curve: MapCall
    gain: MapCall
    affine: MapCall
    blend: MapCall
    lift: MapCall
    lift_clean: MapCall
    tiles: MapCall

    def look_up(self, source: Array, target: Array, kind: int, table: Array, /) -> None: ...
    def look_up_pairs(self, source: Array, target: Array, table: Array, /) -> None: ...
    def scale(
        self,
        source: Array,
        target: Array,
        kind: int,
        table: Array,
        strength: float,
        by_luma: bool,
        /,
    ) -> None: ...
    def shift(
        self, source: Array, target: Array, kind: int, table: Array, strength: float, /
    ) -> None: ...
    def relight(
        self,
        source: Array,
        target: Array,
        linear: Array,
        factor: Array,
        encoded: Array,
        strength: float,
        /,
    ) -> None: ...
    def count(self, source: Array, kind: int, channels: int, of: int, bins: Array, /) -> None: ...
    def area(
        self,
        source: Array,
        kind: int,
        size: Size,
        small: tuple[int, int],
        first: int,
        target: Array,
        /,
    ) -> None: ...


@cache
def _load() -> Kernel | str:
    """Return the kernel, or why there is none."""
    try:
        found = cast(Kernel, import_module("relume.render._kernel"))
    except ImportError as error:
        return f"the compiled kernel was not built: {error}"
    if found.INTERFACE != INTERFACE:
        return "the compiled kernel is of another version; install relume again"
    return found


def _choose() -> Kernel | str:
    wish = os.environ.get("RELUME_KERNEL", "")
    if wish == "numpy":
        return "RELUME_KERNEL=numpy"
    if wish:
        raise ContractError(f"RELUME_KERNEL: expected 'numpy' or nothing, got {wish!r}")
    return _load()


def kernel() -> Kernel | None:
    """Return the compiled kernel, or None where NumPy is to do its work."""
    found = _choose()
    return None if isinstance(found, str) else found


def backend() -> str:
    """Name what renders: "C (AVX2)", "C" or "NumPy"."""
    found = kernel()
    if found is None:
        return "NumPy"
    return f"C ({found.INSTRUCTIONS})" if found.INSTRUCTIONS else "C"


def why_numpy() -> str | None:
    """Say in one line why the compiled kernel is not in use; None where it is."""
    found = _choose()
    return found if isinstance(found, str) else None
