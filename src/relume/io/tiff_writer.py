"""TIFF, written: strips that are deflated with horizontal differences where that makes them
smaller, as every reader knows them. The noise of 16-bit photographs hardly does.

The file begins with the EXIF blob, which is a TIFF structure itself: so everything in it, maker
notes too, stays at its offset, and the new first directory points to it as the old one did.

Source: TIFF 6.0 (1992), sections 3–8 and 14; Adobe Photoshop TIFF notes (2002) for deflate.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from os import cpu_count
from typing import Any

import numpy as np

from relume.arrays import Pixels
from relume.io.codec import Encoded, Outgoing, Piece
from relume.io.metadata import exif, ifd, photoshop
from relume.io.metadata.ifd import BYTE, LONG, RATIONAL, SHORT, UNDEFINED, Entry, Field, Order

IPTC, PHOTOSHOP = 33723, 34377
UNCOMPRESSED, ADOBE_DEFLATE = 1, 8
DIFFERENCES, ONE_PLANE, UNASSOCIATED, NO_UNIT, INCH = 2, 1, 2, 1, 2

WORTHWHILE = 0.75
"""Share of its bytes to which a strip must shrink: deflating takes seconds, writing takes none."""

STRIP = 1 << 18
"""Bytes of samples per strip: enough for deflate to find likeness, few enough to share out."""


def encode(outgoing: Outgoing) -> Encoded:
    blob, order = opening(outgoing)
    pixels, alpha = outgoing.pixels, outgoing.alpha
    height, width = pixels.shape[:2]
    channels = (1 if pixels.ndim == 2 else 3) + (alpha is not None)
    rows = rows_per_strip(width * channels * pixels.itemsize)

    def strip(top: int) -> Pixels:
        part: Any = pixels[top : top + rows].reshape(-1, width, channels - (alpha is not None))
        if alpha is not None:
            part = np.concatenate([part, alpha[top : top + rows, :, None]], axis=2)
        return part

    middle = strip(height // 2 // rows * rows)
    worthwhile = len(_deflated(middle, order)) < WORTHWHILE * middle.nbytes

    def packed(top: int) -> Piece:
        return _deflated(strip(top), order) if worthwhile else _plain(strip(top), order)

    with ThreadPoolExecutor(cpu_count()) as pool:
        strips = list(pool.map(packed, range(0, height, rows)))
    fields = [
        ifd.field(order, 256, LONG, width),
        ifd.field(order, 257, LONG, height),
        ifd.field(order, 258, SHORT, *[pixels.itemsize * 8] * channels),
        ifd.field(order, 259, SHORT, ADOBE_DEFLATE if worthwhile else UNCOMPRESSED),
        ifd.field(order, 262, SHORT, 1 if pixels.ndim == 2 else 2),
        ifd.field(order, 277, SHORT, channels),
        ifd.field(order, 278, LONG, rows),
        ifd.field(order, 284, SHORT, ONE_PLANE),
    ]
    if worthwhile:
        fields.append(ifd.field(order, 317, SHORT, DIFFERENCES))
    return assembled(outgoing, blob, strips, fields)


def opening(outgoing: Outgoing) -> tuple[bytes, Order]:
    """Return the bytes a file with this metadata begins with, and their order."""
    blob = outgoing.exif or ifd.header("<", 0)
    return blob, ifd.layout(blob).order


def rows_per_strip(bytes_per_row: int) -> int:
    return max(1, STRIP // bytes_per_row)


def assembled(
    outgoing: Outgoing, blob: bytes, strips: Sequence[Piece], fields: list[Field]
) -> Encoded:
    """Put a file together: the opening, strips, and a directory of `fields` and the metadata."""
    order = ifd.layout(blob).order
    pieces: list[Piece] = [blob[8:], b"\0" * (len(blob) % 2), *strips]
    starts = np.cumsum([len(blob) + len(blob) % 2, *map(len, strips)]).tolist()
    padding = b"\0" * (starts[-1] % 2)
    first_at = starts[-1] + len(padding)
    rows = [
        *fields,
        ifd.field(order, 273, LONG, *starts[:-1]),
        ifd.field(order, 279, LONG, *map(len, strips)),
        *_metadata(outgoing, order),
        *_described(outgoing.exif),
    ]
    directory = ifd.pack(order, rows, at=first_at)
    return Encoded((ifd.header(order, first_at), *pieces, padding, directory))


def _plain(part: Pixels, order: Order) -> Piece:
    return (
        np.ascontiguousarray(part, part.dtype.newbyteorder(order)).reshape(-1).view(np.uint8).data
    )


def _deflated(part: Pixels, order: Order) -> bytes:
    differences = part.copy()
    differences[:, 1:] -= part[:, :-1]  # modulo the type's range, as the decoder adds
    # Level 1 with differences: higher levels cost several times as much for a few per cent.
    return zlib.compress(differences.astype(part.dtype.newbyteorder(order)).tobytes(), 1)


def _metadata(outgoing: Outgoing, order: Order) -> list[Field]:
    fields: list[Field] = []
    if outgoing.alpha is not None:
        fields.append(ifd.field(order, 338, SHORT, UNASSOCIATED))
    # TIFF 6.0, section 6 asks for a resolution; without a unit it says that samples are square.
    for tag, one in zip((282, 283), outgoing.dpi or (1.0, 1.0), strict=True):
        ratio = Fraction(min(one, 1e6)).limit_denominator(1000)
        fields.append(ifd.field(order, tag, RATIONAL, ratio.numerator, ratio.denominator))
    fields.append(ifd.field(order, 296, SHORT, INCH if outgoing.dpi is not None else NO_UNIT))
    if outgoing.icc is not None:
        fields.append(Field(34675, UNDEFINED, len(outgoing.icc), outgoing.icc))
    if outgoing.xmp is not None:
        fields.append(Field(700, BYTE, len(outgoing.xmp), outgoing.xmp))
    resources = outgoing.beside.photoshop
    if resources is not None:
        records, others = photoshop.iptc(resources), photoshop.without_iptc(resources)
        for tag, value in ((IPTC, records), (PHOTOSHOP, others)):
            if value:
                fields.append(Field(tag, UNDEFINED, len(value), value))
    return fields


def _described(blob: bytes | None) -> list[Entry]:
    """Return the rows of the blob's first directory that describe the picture, values in place.

    Not the orientation: it is the one that goes without saying.
    """
    if blob is None:
        return []
    written = ifd.layout(blob)
    first = ifd.directory(blob, written, written.first)
    kept = (exif.DESCRIPTIVE - {exif.ORIENTATION}) | {exif.EXIF_IFD, exif.GPS_IFD}
    return [entry for entry in first.entries if entry.tag in kept]
