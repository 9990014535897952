"""DNG files that state one thing or another about their samples, written by hand."""

from __future__ import annotations

import struct
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fake.raw import XYZ_TO_LINEAR_SRGB
from relume.io.metadata import ifd
from relume.io.metadata.ifd import ASCII, BYTE, LONG, RATIONAL, SHORT, SRATIONAL, Field

CFA, LINEAR = 32803, 34892
BLACK_PERIOD, BLACK, BLACK_COLUMNS, BLACK_ROWS, WHITE = 50713, 50714, 50715, 50716, 50717
CROP_ORIGIN, CROP_SIZE, ACTIVE_AREA = 50719, 50720, 50829
NEUTRAL, WHITE_XY, BASELINE_EXPOSURE = 50728, 50729, 50730
COMPRESSION, PREDICTOR, XMP = 259, 317, 700
X_TRANS = "GGRGGBGGBGGRBRGRBGGGBGGRGGRGGBRBGBRG"


def shorts(tag: int, *values: int) -> Field:
    return ifd.field("<", tag, SHORT, *values)


def ratios(tag: int, *values: float) -> Field:
    """Unsigned numbers in millionths."""
    return ifd.field(
        "<", tag, RATIONAL, *(part for one in values for part in (round(one * 1000000), 1000000))
    )


def signed(tag: int, *values: float) -> Field:
    parts = [part for one in values for part in (round(one * 10000), 10000)]
    return Field(tag, SRATIONAL, len(values), struct.pack(f"<{len(parts)}i", *parts))


def filtered(light: NDArray[Any], cfa: str) -> NDArray[np.float64]:
    """Light, (H, W, 3), as sites of a square filter see it."""
    side = round(len(cfa) ** 0.5)
    pattern = np.array(["RGB".index(letter) for letter in cfa]).reshape(side, side)
    rows, columns = np.indices(light.shape[:2])
    return light[rows, columns, pattern[rows % side, columns % side]]


def write(
    samples: NDArray[Any],
    *fields: Field,
    cfa: str = "",
    coded: bytes | None = None,
    matrix: NDArray[Any] = XYZ_TO_LINEAR_SRGB,
) -> bytes:
    """A DNG of (H, W) or (H, W, 3) uint16 or floats; each of `fields` replaces what stands for it.

    `coded` are the samples compressed, as a field for COMPRESSION says.
    """
    height, width = samples.shape[:2]
    many = 1 if samples.ndim == 2 else samples.shape[2]
    bits = samples.dtype.itemsize * 8
    coded = samples.tobytes() if coded is None else coded
    side = round(len(cfa) ** 0.5)
    usual = [
        shorts(254, 0), shorts(256, width), shorts(257, height), shorts(258, *[bits] * many),
        shorts(259, 1), shorts(262, CFA if cfa else LINEAR), shorts(277, many),
        ifd.field("<", 278, LONG, height), ifd.field("<", 279, LONG, len(coded)), shorts(284, 1),
        ifd.field("<", 273, LONG, 8),
        shorts(339, *[3 if samples.dtype.kind == "f" else 1] * many),
        Field(50706, BYTE, 4, b"\1\4\0\0"), Field(50707, BYTE, 4, b"\1\1\0\0"),
        Field(50708, ASCII, 12, b"Fake Camera\0"), signed(50721, *matrix.ravel()),
        ratios(NEUTRAL, 1, 1, 1), shorts(50778, 21),
    ]  # fmt: skip
    if cfa:
        letters = bytes("RGB".index(letter) for letter in cfa)
        usual += [shorts(33421, side, side), Field(33422, BYTE, len(letters), letters)]
    rows = {field.tag: field for field in (*usual, *fields)}
    rows = {tag: field for tag, field in rows.items() if field.count}
    at = 8 + len(coded) + len(coded) % 2
    directory = ifd.pack("<", list(rows.values()), at=at)
    return ifd.header("<", at) + coded + bytes(len(coded) % 2) + directory


def without(tag: int) -> Field:
    """A field that is left out."""
    return Field(tag, BYTE, 0, b"")


def predicted(samples: NDArray[Any], *, apart: int = 1) -> bytes:
    """Floats deflated as predictor 3 has them: bytes of one weight together, differences."""
    height = len(samples)
    many = samples[0].size
    deep = samples.dtype.itemsize
    big = samples.reshape(height, many).astype(samples.dtype.newbyteorder(">"))
    planes = big.view(np.uint8).reshape(height, many, deep).transpose(0, 2, 1)
    row = planes.reshape(height, many * deep)
    step = apart * (1 if samples.ndim == 2 else samples.shape[2])
    differences = row.copy()
    differences[:, step:] -= row[:, :-step]
    return zlib.compress(differences.tobytes())


def of_24_bits(samples: NDArray[np.float32]) -> bytes:
    """Positive floats with 7 bits of exponent and 16 of fraction, little-endian."""
    fraction, exponent = np.frexp(samples.astype(np.float64))
    kept = np.round((fraction * 2 - 1) * 65536).astype(np.uint32)
    bits = ((exponent - 1 + 63).astype(np.uint32) << 16) + kept
    return np.ascontiguousarray(bits).view(np.uint8).reshape(-1, 4)[:, :3].tobytes()
