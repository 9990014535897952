"""Apply a rendering to every pixel of a picture."""

from __future__ import annotations

from math import isfinite

import numpy as np

from relume.arrays import Picture
from relume.errors import ContractError
from relume.levels import check_picture
from relume.render import compiled, portable
from relume.render.bands import each_band
from relume.render.kernel import kernel
from relume.render.maps import Local, Rendering
from relume.render.samples import is_packed, packed

COMPILED_SAMPLES = 1 << 20
"""Samples per band: starting one costs nothing, and all threads end at about the same time."""

PORTABLE_SAMPLES = 1 << 17
"""Samples per band: its float copies stay in the second-level cache."""


def apply(
    rendering: Rendering,
    picture: Picture,
    *,
    strength: float = 1.0,
    out: Picture | None = None,
    threads: int | None = None,
) -> Picture:
    """Render every pixel: E + strength · (f(E) − E), clipped and rounded to nearest.

    picture: (H, W) or (H, W, 3), uint8, uint16 or float32 in [0, 1] (values outside are clipped,
    not-a-number counts as 0) → the same shape and type. `out` receives the result; it may be the
    picture itself. Strength 0 keeps the picture, 1 is the rendering, more exaggerates it.

    Raises: ContractError for another shape or type, or a map or function that breaks its contract.
    """
    check_picture(picture)
    if not (isfinite(strength) and strength >= 0):
        raise ContractError(f"strength: expected a number of at least 0, got {strength}")
    result = np.empty(picture.shape, picture.dtype) if out is None else _checked(out, picture)
    code = kernel()
    if code is None:
        paint = portable.painter(rendering, picture, strength=strength)
    else:
        paint = compiled.painter(code, rendering, picture, strength=strength)

    def band(first: int, last: int) -> None:
        source, target = packed(picture[first:last]), result[first:last]
        if is_packed(target):
            paint(source, target, first)
        else:
            rendered = np.empty(target.shape, target.dtype)
            paint(source, rendered, first)
            target[...] = rendered

    in_numpy = code is None or isinstance(rendering, Local)
    samples = PORTABLE_SAMPLES if in_numpy else COMPILED_SAMPLES
    rows = max(1, samples * picture.shape[0] // picture.size)
    each_band(band, height=picture.shape[0], rows=rows, threads=threads)
    return result


def _checked(out: Picture, picture: Picture) -> Picture:
    if out.shape != picture.shape or out.dtype != picture.dtype:
        raise ContractError(
            f"out: expected {picture.shape} {picture.dtype}, got {out.shape} {out.dtype}"
        )
    if not out.flags.writeable:
        raise ContractError("out: is read-only; pass an array that can be written")
    same = out.ctypes.data == picture.ctypes.data and out.strides == picture.strides
    if not same and np.shares_memory(out, picture):
        raise ContractError(
            "out: shares memory with the picture but lies differently; "
            "pass the picture itself or a new array"
        )
    return out
