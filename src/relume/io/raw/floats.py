"""Samples of a DNG that are floating-point numbers of 16, 24 or 32 bits.

LibRaw turns them into whole numbers by the largest among them, so exposure would hang on the
brightest pixel, and half-floats whose white is 1 would all be 0: they are decoded here instead.

Source: DNG 1.7 (2023), chapter 3 "Floating point image data"; TIFF technical note 3 (2005) for
the predictor.
"""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from relume.errors import UnreadableError
from relume.io.metadata import ifd
from relume.io.metadata.ifd import Directory, Layout
from relume.io.raw.dng_tags import Stated

STRIPS, STRIP_SIZES, ROWS_PER_STRIP, PREDICTOR = 273, 279, 278, 317
TILE_WIDTH, TILE_HEIGHT, TILES, TILE_SIZES = 322, 323, 324, 325
UNCOMPRESSED, DEFLATE, OLD_DEFLATE = 1, 8, 32946
_STEPS = {3: 1, 34894: 2, 34895: 4}
"""Predictor of floating-point samples → how many samples apart differences are."""
_MOST = 1 << 20
"""Tiles of a picture."""


def decode(data: bytes, stated: Stated) -> NDArray[np.float32]:
    """Return (H, W, samples) of a floating-point DNG.

    Raises: UnreadableError for a compression that such files are not known to have.
    """
    if stated.bits not in (16, 24, 32) or stated.compression not in (
        UNCOMPRESSED, DEFLATE, OLD_DEFLATE,
    ):  # fmt: skip
        raise UnreadableError(
            f"floating-point samples of {stated.bits} bits in compression {stated.compression} "
            "are not read; convert the file to a plain DNG"
        )
    written = ifd.layout(data)
    table = stated.table
    height, width = stated.height, stated.width
    tall, wide, starts, sizes = _grid(data, written, table, height, width)
    across = -(-width // wide)
    if len(starts) < across * -(-height // tall) or len(starts) != len(sizes):
        raise ValueError("tiles are missing")
    picture = np.zeros((height, width, stated.samples), np.float32)
    predictor = (ifd.numbers(data, written, table.get(PREDICTOR)) or (1,))[0]
    for number, (start, size) in enumerate(zip(starts, sizes, strict=True)):
        top, left = number // across * tall, number % across * wide
        if top >= height:
            break
        # The last strip ends with the picture; tiles are whole.
        rows = tall if table.get(TILES) is not None else min(tall, height - top)
        part = _tile(
            data[start : start + size], stated, (rows, wide), predictor, order=written.order
        )
        place = picture[top : top + rows, left : left + wide]
        place[:] = part[: place.shape[0], : place.shape[1]]
    return picture


def _grid(
    data: bytes, written: Layout, table: Directory, height: int, width: int
) -> tuple[int, int, list[int], list[int]]:
    def whole(tag: int) -> list[int]:
        return [int(one) for one in ifd.reals(data, written, table.get(tag), most=_MOST)]

    if table.get(TILES) is not None:
        tall, wide = whole(TILE_HEIGHT)[0], whole(TILE_WIDTH)[0]
        starts, sizes = whole(TILES), whole(TILE_SIZES)
    else:
        tall, wide = min((whole(ROWS_PER_STRIP) or [height])[0], height), width
        starts, sizes = whole(STRIPS), whole(STRIP_SIZES)
    if not 0 < tall <= height + 4096 or not 0 < wide <= width + 4096:
        raise ValueError(f"tiles of {wide} × {tall}")
    return tall, wide, starts, sizes


def _tile(
    coded: bytes, stated: Stated, size: tuple[int, int], predictor: int, *, order: str
) -> NDArray[np.float32]:
    rows, columns = size
    deep, many = stated.bits // 8, columns * stated.samples
    wanted = rows * many * deep
    if stated.compression == UNCOMPRESSED:
        plain = coded
    else:
        plain = zlib.decompressobj().decompress(coded, wanted)
    if len(plain) < wanted:
        raise ValueError("a tile is cut off")
    raw = np.frombuffer(plain, np.uint8, wanted).reshape(rows, many * deep)
    if predictor in _STEPS:
        # Differences of bytes, those of one weight together, the heaviest first.
        apart = _STEPS[predictor] * stated.samples
        summed = np.empty_like(raw)
        for first in range(apart):
            np.cumsum(raw[:, first::apart], axis=1, dtype=np.uint8, out=summed[:, first::apart])
        raw = summed.reshape(rows, deep, many).transpose(0, 2, 1)
        order = ">"
    elif predictor == 1:
        raw = raw.reshape(rows, many, deep)
    else:
        raise UnreadableError(f"floating-point samples with predictor {predictor} are not read")
    return _numbers(np.ascontiguousarray(raw), order).reshape(rows, columns, stated.samples)


def _numbers(raw: NDArray[np.uint8], order: str) -> NDArray[np.float32]:
    """Turn (rows, many, bytes) into numbers."""
    deep = raw.shape[2]
    if deep != 3:
        plain: Any = raw.view(np.dtype(f"{order}f{deep}"))[..., 0]
        return plain.astype(np.float32)
    weights = (16, 8, 0) if order == ">" else (0, 8, 16)
    bits = np.zeros(raw.shape[:2], np.uint32)
    for at, weight in enumerate(weights):
        bits |= raw[..., at].astype(np.uint32) << weight
    sign, exponent, fraction = bits >> 23, (bits >> 16) & 127, bits & 0xFFFF
    # 7 bits of exponent with a bias of 63; 0 is for zero and what is smaller than normal.
    normal = np.ldexp(1 + fraction / 65536, exponent.astype(np.int32) - 63)
    small = np.ldexp(fraction / 65536, -62)
    size = np.where(exponent == 0, small, np.where(exponent == 127, 0, normal))
    return np.where(sign == 1, -size, size).astype(np.float32)
