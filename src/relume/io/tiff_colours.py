"""TIFF pictures whose samples are not red, green and blue, brought to sRGB.

Source: TIFF 6.0 (1992), sections 21 (YCbCr) and 23 (CIE L*a*b*); TIFF Technical Note 4 of Adobe
Photoshop (2002), ICC L*a*b*; ICC.1:2022, section 6.3.4 and annex A for L*a*b* under D50.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from relume.arrays import Pixels
from relume.colour_statement.curves import SRGB
from relume.colour_statement.known import BT709
from relume.io.pixels import ROWS

CIELAB, ICCLAB, ITULAB, YCBCR, CMYK, PALETTE = 8, 9, 10, 6, 5, 3
LUMA = (0.299, 0.587, 0.114)
"""YCbCrCoefficients where none are stated: BT.601."""

_WHITE = np.array([0.9642, 1.0, 0.8249])


def from_lab(samples: Any, kind: Literal[8, 9]) -> Pixels:
    """Turn CIELab (8) or ICCLab (9) of 8 or 16 bits, (H, W, 3), into sRGB of the same depth."""
    top = np.iinfo(samples.dtype).max
    result: Any = np.empty(samples.shape, samples.dtype)
    matrix = np.linalg.inv(BT709.to_pcs()).T
    for first in range(0, len(samples), ROWS):
        lightness, a, b = _lab(samples[first : first + ROWS], kind)
        fy = (lightness + 16.0) / 116.0
        f = np.stack([fy + a / 500.0, fy, fy - b / 200.0], axis=-1)
        xyz: Any = np.where(f > 6 / 29, f**3, 3 * (6 / 29) ** 2 * (f - 4 / 29)) * _WHITE
        encoded = SRGB.encode(np.clip(xyz @ matrix, 0.0, 1.0))
        result[first : first + ROWS] = np.rint(encoded * top)
    return result


def _lab(strip: Any, kind: int) -> tuple[NDArray[np.float64], ...]:
    bits = strip.dtype.itemsize * 8
    signed = np.int8 if bits == 8 else np.int16
    unit = 1.0 if bits == 8 else 256.0
    if kind == CIELAB:  # a* and b* are signed
        lightness = strip[..., 0] * (100.0 / np.iinfo(strip.dtype).max)
        a, b = (strip[..., channel].view(signed) / unit for channel in (1, 2))
    else:  # they are offset by 128, and 100 is 0xFF00 in 16 bits
        lightness = strip[..., 0] * (100.0 / (255.0 * unit))
        a, b = (strip[..., channel] / unit - 128.0 for channel in (1, 2))
    return lightness, a, b


def from_ycbcr(
    samples: Any, coefficients: tuple[float, ...], reference: tuple[float, ...]
) -> Pixels:
    """Turn YCbCr of 8 or 16 bits, (H, W, 3), into RGB of the same depth.

    `reference` are the levels of black and white of Y, Cb and Cr; empty for the whole range.
    """
    top = int(np.iinfo(samples.dtype).max)
    half = (top + 1) // 2
    red, green, blue = coefficients if len(coefficients) == 3 else LUMA
    levels = reference if len(reference) == 6 else (0, top, half, top, half, top)
    result: Any = np.empty(samples.shape, samples.dtype)
    for first in range(0, len(samples), ROWS):
        strip = samples[first : first + ROWS].astype(np.float32)
        y = (strip[..., 0] - levels[0]) * (top / max(levels[1] - levels[0], 1))
        cb = (strip[..., 1] - levels[2]) * ((top - half) / max(levels[3] - levels[2], 1))
        cr = (strip[..., 2] - levels[4]) * ((top - half) / max(levels[5] - levels[4], 1))
        r = y + (2 - 2 * red) * cr
        b = y + (2 - 2 * blue) * cb
        g = (y - red * r - blue * b) / green
        rgb = np.stack([r, g, b], axis=-1)
        result[first : first + ROWS] = np.clip(np.rint(rgb), 0, top)
    return result


def unpacked(
    strips: list[bytes], *, height: int, width: int, rows: int, across: int, down: int
) -> NDArray[np.uint8]:
    """Spread 8-bit YCbCr stored in units of across × down Y and one Cb and Cr, (H, W, 3)."""
    units = -(-width // across)
    one = across * down + 2
    whole = np.zeros((-(-height // down) * down, units * across, 3), np.uint8)
    top = 0
    for strip in strips:
        tall = -(-min(rows, height - top) // down)
        block = np.frombuffer(strip, np.uint8, tall * units * one).reshape(tall, units, one)
        y = block[..., :-2].reshape(tall, units, down, across).transpose(0, 2, 1, 3)
        area = whole[top : top + tall * down]
        area[..., 0] = y.reshape(tall * down, units * across)
        for channel in (1, 2):
            chroma = block[..., across * down + channel - 1]
            area[..., channel] = chroma.repeat(down, axis=0).repeat(across, axis=1)
        top += tall * down
    return whole[:height, :width]
