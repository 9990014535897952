"""A picture in the numbers of its file, seen in those of sRGB, and the way back.

With T the file's curve, M the matrix from its primaries to sRGB's, and s sRGB's curve,

    light = M · T(x)          seen = s⁻¹(clip(light, 0, 1))
    beyond = light − clip(light, 0, 1)

`beyond` is what sRGB cannot hold: colours outside its gamut and light above diffuse white. It comes
back with the gain in luminance Y that its pixel got, so that colours stay as strong and highlights
as bright as they were:

    back = T⁻¹(M⁻¹ · (s(result) + beyond · Y(s(result)) / Y(s(seen))))

A pixel whose seen numbers did not change keeps those of its file, bit for bit.

| domain                            | range                  |
|-----------------------------------|------------------------|
| own numbers, uint8 or uint16      | seen: uint16, sRGB     |
"""

from __future__ import annotations

import os
from functools import lru_cache
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from relume.arrays import Pixels
from relume.colour import LUMINANCE_709
from relume.colour_statement import Colour
from relume.colour_statement.curves import SRGB, Curve
from relume.colour_statement.known import BT709

Light = NDArray[np.float32]

_FINE = 65535
"""Steps of a table over the square root of light, which is about as even as the eye is: under one
level of 16 bits off for curves like sRGB's."""
_Y = np.asarray(LUMINANCE_709, np.float32)


class Bridge:
    """Leads from the numbers of a picture to sRGB's and back; for strips of rows, thread-safe."""

    def __init__(self, colour: Colour, *, bits: int) -> None:
        if colour.primaries is None or colour.transfer is None:
            raise ValueError("tables of a profile are no primaries and curve")
        self._curves = colour.transfer.of_channels()
        self._peak = colour.transfer.peak
        self._bits = bits
        self._decode = [_decoding(curve, bits) for curve in self._curves]
        self._encode = [_encoding(curve, bits) for curve in self._curves]
        matrix = np.linalg.inv(BT709.to_pcs()) @ colour.primaries.to_pcs()
        same = colour.primaries.near(BT709)
        self._matrix = None if same else np.ascontiguousarray(matrix.T, np.float32)
        self._inverse = None if same else np.ascontiguousarray(np.linalg.inv(matrix).T, np.float32)

        self._code = compiled()
        several = 1 if len(set(self._curves)) == 1 else 3
        self._tables = np.stack(self._decode[:several])
        self._levels_of = np.stack(self._encode[:several])
        top = (1 << bits) - 1
        self._rounded = np.clip(self._levels_of + np.float32(0.5), 0, top).astype(np.uint16)

    def seen(self, own: Pixels, *, out: NDArray[np.uint16] | None = None) -> NDArray[np.uint16]:
        """Return a strip as sRGB, (H, W) or (H, W, 3); `out` is a contiguous place for it."""
        seen = np.empty(own.shape, np.uint16) if out is None else out
        if self._code is not None:
            packed = np.ascontiguousarray(own)
            channels = 1 if own.ndim == 2 else 3
            matrix = _flat(self._matrix)
            self._code.see(packed, own.itemsize, channels, self._tables, matrix, _whole(), seen)
        else:
            seen[...] = _encoding(SRGB, 16)[_fine(self._light(own), 1.0)]
        return seen

    def back(
        self,
        own: Pixels,
        seen: NDArray[np.uint16],
        result: NDArray[np.uint16],
        *,
        added: Light | None = None,
        out: Pixels | None = None,
    ) -> Pixels:
        """Return a result in the numbers of the file.

        own, seen: the strip before, both ways; `added` (H, W) are levels in (−0.5, 0.5) that the
        numbers are moved by before they are rounded; `out` is a contiguous place for it.
        """
        numbers: Any = np.empty(own.shape, own.dtype) if out is None else out
        srgb = _decoding(SRGB, 16)
        if self._code is not None:
            packed = [np.ascontiguousarray(one) for one in (own, seen, result)]
            channels = 1 if own.ndim == 2 else 3
            extra = _NONE if added is None else np.ascontiguousarray(added, np.float32)
            ways = self._tables, _flat(self._matrix), srgb, _flat(self._inverse), self._levels_of
            rest = self._rounded, self._peak, extra, numbers
            self._code.back(*packed, own.itemsize, channels, *ways, *rest)
            return numbers
        light = srgb[result]
        if own.ndim == 3 and (self._matrix is not None or self._peak > 1.0):
            before = self._light(own)
            inside = np.clip(before, 0.0, 1.0)
            before -= inside
            if before.any():
                gain = (light @ _Y) / np.maximum(inside @ _Y, np.float32(1e-6))
                light += before * gain[..., None]
        elif self._peak > 1.0:
            before = self._light(own)
            light += np.maximum(before - 1.0, 0.0)
        if self._inverse is not None and own.ndim == 3:
            light = light @ self._inverse
        levels = self._levels(_fine(light, self._peak))
        levels += np.float32(0.5)
        if added is not None:
            levels += added if own.ndim == 2 else added[..., None]
        rounded = np.clip(levels, 0, (1 << self._bits) - 1).astype(own.dtype)
        changed = result != seen
        if own.ndim == 3:
            changed = changed.any(axis=2, keepdims=True)
        numbers[...] = np.where(changed, rounded, own)
        return numbers

    def _light(self, own: Pixels) -> Light:
        """Linear light in sRGB's primaries, unclipped."""
        if own.ndim == 2:
            return self._decode[1][own]
        if len(set(self._curves)) == 1:
            light = self._decode[0][own]
        else:
            parts = [self._decode[channel][own[..., channel]] for channel in range(3)]
            light = np.stack(parts, axis=-1)
        return light if self._matrix is None else light @ self._matrix

    def _levels(self, index: NDArray[np.intp]) -> Light:
        if index.ndim == 2:
            return self._encode[1][index]
        if len(set(self._curves)) == 1:
            return self._encode[0][index]
        parts = [self._encode[channel][index[..., channel]] for channel in range(3)]
        return np.stack(parts, axis=-1)


_NONE = np.empty(0, np.float32)


def compiled() -> Any:
    """Return the compiled passes; None where there was no compiler: NumPy does the same."""
    if os.environ.get("RELUME_KERNEL") == "numpy":
        return None
    try:
        return import_module("relume.filters._recolour")
    except ImportError:
        return None


def _flat(matrix: Light | None) -> Light:
    """Return a matrix for columns, in rows; none as nothing."""
    return _NONE if matrix is None else np.ascontiguousarray(matrix.T)


@lru_cache(maxsize=1)
def _whole() -> NDArray[np.uint16]:
    return _encoding(SRGB, 16).astype(np.uint16)


def of_srgb(colour: Colour, rgb: tuple[int, int, int]) -> tuple[float, float, float]:
    """Return bytes of sRGB in the numbers of a colour, in [0, 1]; white stays white."""
    if colour.primaries is None or colour.transfer is None or colour.is_srgb:
        return (rgb[0] / 255, rgb[1] / 255, rgb[2] / 255)
    light = SRGB.decode(np.array(rgb) / 255)
    own = np.linalg.inv(colour.primaries.to_pcs()) @ BT709.to_pcs() @ light
    curves = colour.transfer.of_channels()
    pairs = zip(curves, own, strict=True)
    red, green, blue = (float(curve.encode(np.clip(one, 0.0, 1.0))) for curve, one in pairs)
    # The matrices leave white a few millionths off, and gray must stay exactly gray.
    return (red, green, blue) if len(set(rgb)) > 1 else (green, green, green)


def _fine(light: Light, peak: float) -> NDArray[np.intp]:
    """Return where light lies in a table over the square root of light."""
    root = np.sqrt(np.clip(light, 0.0, peak))
    root *= np.float32(_FINE / np.sqrt(peak))
    root += np.float32(0.5)
    return root.astype(np.intp)


@lru_cache(maxsize=16)
def _decoding(curve: Curve, bits: int) -> Light:
    """Number of a file → light."""
    return curve.decode(np.linspace(0.0, 1.0, 1 << bits)).astype(np.float32)


@lru_cache(maxsize=16)
def _encoding(curve: Curve, bits: int) -> Light:
    """Step of the square root of light → number of a file, not yet rounded."""
    light = np.linspace(0.0, 1.0, _FINE + 1) ** 2 * curve.peak
    levels = curve.encode(light) * ((1 << bits) - 1)
    return levels.astype(np.float32)
