"""EXIF out of camera RAW files: camera, exposure and date, wherever the maker put them.

| file                    | where                                                            |
|-------------------------|------------------------------------------------------------------|
| DNG, NEF, ARW, CR2, PEF | it is a TIFF                                                     |
| ORF, RW2                | it is a TIFF by another name                                     |
| CR3                     | two TIFF structures in boxes CMT1 and CMT2                       |
| others                  | in the preview JPEG; otherwise what LibRaw knows                 |

The maker note stays behind: its offsets hold in the RAW file only. So do the sizes of the pixels.

Source: Exif 2.32 (CIPA DC-008-2019), section 4.6.
"""

from __future__ import annotations

import struct
from contextlib import suppress
from fractions import Fraction
from io import BytesIO
from typing import Any

from PIL.JpegImagePlugin import JpegImageFile

from relume.io.metadata import exif, ifd, xmp_parts
from relume.io.metadata.ifd import ASCII, LONG, RATIONAL, SHORT, Field, MalformedError, Order
from relume.io.pillow import quiet

EXPOSURE_TIME, F_NUMBER, ISO, TAKEN, FOCAL_LENGTH = 0x829A, 0x829D, 0x8827, 0x9003, 0x920A
COLOUR_SPACE, SRGB, XMP = 0xA001, 1, 700
CAMERA_RAW = "http://ns.adobe.com/camera-raw-settings/1.0/"
_LEFT = frozenset({exif.MAKER_NOTE, exif.PIXEL_WIDTH, exif.PIXEL_HEIGHT})


def extract(data: bytes, raw: Any) -> bytes | None:
    """Return an EXIF blob of what describes the picture, of an opened file of rawpy.

    A colour space it states becomes sRGB, which developed pixels are in.
    """
    found = _extracted(data, raw)
    return _in_srgb(found) if found is not None else None


def packet(data: bytes) -> bytes | None:
    """Return the XMP packet of a RAW file that is a TIFF."""
    try:
        written = ifd.layout(data)
        first = ifd.directory(data, written, written.first)
        entry = first.get(XMP)
        found = ifd.value(data, entry) if entry is not None else b""
        # How another program would develop the file does not hold for a developed picture.
        return xmp_parts.without(found, lambda name: name[0] == CAMERA_RAW, spaces=[CAMERA_RAW])
    except MalformedError:
        return None


def _in_srgb(blob: bytes) -> bytes:
    changed = bytearray(blob)
    with suppress(MalformedError):
        written = ifd.layout(blob)
        first = ifd.directory(blob, written, written.first)
        for at in ifd.numbers(blob, written, first.get(exif.EXIF_IFD))[:1]:
            entry = ifd.directory(blob, written, at).get(COLOUR_SPACE)
            if entry is not None and entry.type == SHORT and entry.count == 1:
                struct.pack_into(written.order + "H", changed, entry.value_at, SRGB)
    return bytes(changed)


def _extracted(data: bytes, raw: Any) -> bytes | None:
    with suppress(MalformedError):
        if data[4:8] == b"ftyp":
            if (blob := _of_boxes(data[: 1 << 16])) is not None:
                return blob
        elif data[:2] in (b"II", b"MM") and data[6:10] != b"HEAP":
            # Olympus and Panasonic write other numbers where a TIFF says 42.
            plain = data[:2] + (b"*\0" if data[:1] == b"I" else b"\0*") + data[4:]
            written = ifd.layout(plain)
            first = ifd.directory(plain, written, written.first)
            if first.get(exif.EXIF_IFD) is not None:
                return exif.extract(plain, written, first, leave=_LEFT)
    return _of_preview(raw)


def _of_boxes(head: bytes) -> bytes | None:
    """Join the directories of a CR3 file: the camera's and that of the exposure."""
    camera, exposure = _box(head, b"CMT1"), _box(head, b"CMT2")
    written, inner = ifd.layout(camera), ifd.layout(exposure)
    if written.order != inner.order:
        return None
    first = ifd.directory(camera, written, written.first)
    second = ifd.directory(exposure, inner, inner.first)
    return _joined(
        written.order,
        exif.fields_of(camera, [row for row in first.entries if row.tag in exif.DESCRIPTIVE]),
        exif.fields_of(exposure, exif.without(second, *_LEFT)),
    )


def _box(head: bytes, name: bytes) -> bytes:
    at = head.find(name)
    return head[at + 4 : at - 4 + int.from_bytes(head[at - 4 : at], "big")] if at >= 4 else b""


def _of_preview(raw: Any) -> bytes | None:
    """Take the EXIF of the preview if the camera wrote it; LibRaw adds a shorter one where there
    is none, whose use is to name the camera."""
    camera: list[Field] = []
    with suppress(Exception):  # a preview may be absent, damaged, of any kind: it is no matter
        preview = raw.extract_thumb()
        with quiet():
            found = exif.strip_prefix(JpegImageFile(BytesIO(preview.data)).info["exif"])
        written = ifd.layout(found)
        first = ifd.directory(found, written, written.first)
        (inner_at,) = ifd.numbers(found, written, first.get(exif.EXIF_IFD))
        if ifd.directory(found, written, inner_at).get(TAKEN) is not None:
            return exif.extract(found, written, first, leave=_LEFT)
        rows = [row for row in first.entries if row.tag in (exif.MAKE, exif.MODEL)]
        camera = exif.fields_of(found, rows)
    return _stated(raw, camera)


def _stated(raw: Any, camera: list[Field]) -> bytes | None:
    """Write what LibRaw knows, and the camera's maker and model."""
    other = raw.other
    inner: list[Field] = []
    for tag, number in (
        (EXPOSURE_TIME, other.shutter_speed),
        (F_NUMBER, other.aperture),
        (FOCAL_LENGTH, other.focal_length),
    ):
        if 0.0 < number < 1e5:
            inner.append(_rational(tag, number))
    if 0.0 < other.iso_speed < 1 << 16:
        inner.append(ifd.field("<", ISO, SHORT, round(other.iso_speed)))
    if other.timestamp.year > 1970:  # that is how "not stated" reads
        when = other.timestamp.strftime("%Y:%m:%d %H:%M:%S").encode() + b"\0"
        inner.append(Field(TAKEN, ASCII, len(when), when))
    return _joined("<", camera, inner) if inner or camera else None


def _joined(order: Order, outer: list[Field], inner: list[Field]) -> bytes:
    """Write a blob of a first directory and that of the exposure."""
    packed = ifd.pack(order, inner, at=8)
    at = 8 + len(packed)
    rows = [*outer, ifd.field(order, exif.EXIF_IFD, LONG, 8)]
    return ifd.header(order, at) + packed + ifd.pack(order, rows, at=at)


def _rational(tag: int, number: float) -> Field:
    # An exposure of 1/200 s is stored as 0.0049999: one over a whole number is what was meant.
    if number < 0.5:
        ratio = Fraction(1, round(1 / number))
    else:
        ratio = Fraction(number).limit_denominator(10)
    return ifd.field("<", tag, RATIONAL, ratio.numerator, ratio.denominator)
