"""DNG, written: a finished picture in linear light, or a bare mosaic.

A linear DNG of ours says that its camera sees linear sRGB under D65 and that no tone curve is
wanted, so that RAW converters show the picture as it was made. Samples are not compressed, which
every reader of DNG understands.

Source: DNG 1.7 (2023), chapters 4 and 6; TIFF/EP (ISO 12234-2:2001).
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from relume.arrays import Pixels
from relume.colour import XYZ_FROM_SRGB, decode_srgb
from relume.errors import UnwritableError
from relume.io import tiff_writer
from relume.io.codec import Encoded, Outgoing
from relume.io.metadata import ifd
from relume.io.metadata.ifd import ASCII, BYTE, LONG, RATIONAL, SHORT, Field, Order
from relume.photo import Mosaic

SRATIONAL, FLOAT = 10, 11
CFA, LINEAR_RAW, UPRIGHT, D65, AS_IT_IS = 32803, 34892, 1, 21, 1
VERSION, OLDEST_READER = (1, 4, 0, 0), (1, 1, 0, 0)
CAMERA = b"relume linear sRGB\0"
"""Another camera's name would let converters apply that camera's own profiles."""

_PARTS = 10000
"""Denominator of the numbers in matrices, as in the standards they come from."""


def encode(outgoing: Outgoing) -> Encoded:
    """Write a picture of sRGB as a linear DNG of 16 bits.

    Raises: UnwritableError for a picture of another colour space.
    """
    if not outgoing.colour.is_srgb:
        raise UnwritableError(
            "a linear DNG holds sRGB pictures and this one has another profile; write .tif instead"
        )
    pixels: Any = outgoing.pixels
    if pixels.ndim == 2:
        pixels = np.repeat(pixels[:, :, None], 3, axis=2)
    table = _linear_table(pixels.dtype.itemsize)
    blob, order = tiff_writer.opening(outgoing)
    height, width = pixels.shape[:2]
    rows = tiff_writer.rows_per_strip(width * 6)
    strips = [_strip(pixels[top : top + rows], table, order) for top in range(0, height, rows)]
    fields = [
        *_described(order, height, width, rows, LINEAR_RAW, channels=3),
        *_matrix(order, np.linalg.inv(XYZ_FROM_SRGB), (1.0, 1.0, 1.0)),
        ifd.field(order, 50714, SHORT, 0, 0, 0),  # black level
        ifd.field(order, 50717, LONG, 65535, 65535, 65535),  # white level
        Field(50936, ASCII, 7, b"linear\0"),  # profile's name
        Field(50940, FLOAT, 4, struct.pack(order + "4f", 0, 0, 1, 1)),  # and tone curve
        ifd.field(order, 51110, LONG, AS_IT_IS),  # black is not to be lifted or crushed
    ]
    return tiff_writer.assembled(outgoing, blob, strips, fields)


def _strip(pixels: Pixels, table: NDArray[np.uint16], order: Order) -> bytes:
    return table[pixels].astype(np.dtype(np.uint16).newbyteorder(order)).tobytes()


def _linear_table(size: int) -> NDArray[np.uint16]:
    """Encoded samples of one or two bytes → linear light in 16 bits."""
    encoded = np.linspace(0.0, 1.0, 1 << (8 * size))
    return (decode_srgb(encoded) * 65535 + 0.5).astype(np.uint16)


def of_mosaic(mosaic: Mosaic, *, xyz_to_camera: NDArray[np.float64] | None = None) -> bytes:
    """Write a mosaic as a DNG, for LibRaw to develop.

    Without a matrix its camera sees linear sRGB.
    """
    order: Order = "<"
    height, width = mosaic.samples.shape
    matrix = np.linalg.inv(XYZ_FROM_SRGB) if xyz_to_camera is None else xyz_to_camera
    neutral = tuple(1.0 / gain for gain in mosaic.white_balance)
    black = [round(level * _PARTS) for level in mosaic.black]
    fields = [
        *_described(order, height, width, height, CFA, channels=1),
        *_matrix(order, matrix, neutral),
        ifd.field(order, 33421, SHORT, 2, 2),  # the filter repeats
        Field(33422, BYTE, 4, bytes("RGB".index(letter) for letter in mosaic.cfa)),
        ifd.field(order, 50713, SHORT, 2, 2),  # and so do black levels
        ifd.field(order, 50714, RATIONAL, *(part for level in black for part in (level, _PARTS))),
        ifd.field(order, 50717, LONG, round(mosaic.white)),
    ]
    strip = mosaic.samples.astype("<u2").tobytes()
    bare = Outgoing(mosaic.samples)
    pieces = tiff_writer.assembled(bare, ifd.header(order, 0), [strip], fields).pieces
    return b"".join(pieces)


def _described(
    order: Order, height: int, width: int, rows: int, photometric: int, *, channels: int
) -> list[Field]:
    return [
        ifd.field(order, 254, LONG, 0),  # the picture itself, not a thumbnail
        ifd.field(order, 256, LONG, width),
        ifd.field(order, 257, LONG, height),
        ifd.field(order, 258, SHORT, *[16] * channels),
        ifd.field(order, 259, SHORT, tiff_writer.UNCOMPRESSED),
        ifd.field(order, 262, SHORT, photometric),
        ifd.field(order, 274, SHORT, UPRIGHT),
        ifd.field(order, 277, SHORT, channels),
        ifd.field(order, 278, LONG, rows),
        ifd.field(order, 284, SHORT, tiff_writer.ONE_PLANE),
        Field(50706, BYTE, 4, bytes(VERSION)),
        Field(50707, BYTE, 4, bytes(OLDEST_READER)),
        Field(50708, ASCII, len(CAMERA), CAMERA),
    ]


def _matrix(
    order: Order, xyz_to_camera: NDArray[np.float64], neutral: Sequence[float]
) -> list[Field]:
    numbers = [round(number * _PARTS) for number in xyz_to_camera.ravel()]
    packed = struct.pack(f"{order}18i", *(part for one in numbers for part in (one, _PARTS)))
    gray = [part for level in neutral for part in (round(level * _PARTS), _PARTS)]
    return [
        Field(50721, SRATIONAL, 9, packed),
        ifd.field(order, 50728, RATIONAL, *gray),
        ifd.field(order, 50778, SHORT, D65),
    ]
