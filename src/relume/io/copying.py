"""A file whose picture was left alone, copied instead of encoded again: byte for byte, or without
its metadata, frames of animations included."""

from __future__ import annotations

import struct
from collections.abc import Callable
from os import PathLike
from pathlib import Path
from typing import Literal

from relume.errors import UnwritableError
from relume.io import jpeg_parts
from relume.io.atomic import replacing
from relume.io.formats import format_of
from relume.io.metadata import exif, xmp
from relume.io.metadata.ifd import MalformedError
from relume.io.source import load
from relume.photo import Format, Photo

COPIED = "copied as it was"
COPIED_BARE = "copied as it was, without its metadata"
_SENSORS = ("raw", "dng")

_ICC, _ADOBE = b"ICC_PROFILE\0", 0xEE
_PNG_METADATA = frozenset((b"tEXt", b"zTXt", b"iTXt", b"eXIf", b"tIME"))
_WEBP_METADATA = frozenset((b"EXIF", b"XMP "))
_WEBP_FLAGS = 0x04 | 0x08
"""Of the extended header: there is XMP, there is EXIF. RFC 9649, section 2.7."""


def copy(
    photo: Photo,
    source: Path,
    target: Path,
    *,
    max_bytes: int,
    metadata: Literal["keep", "strip"] = "keep",
) -> tuple[str, ...] | None:
    """Copy the file that a photo was read from, and return what is to be told of it.

    None, and nothing done, where the target is another format or a copy cannot say the same.

    Raises: UnreadableError; UnwritableError.
    """
    if not _is_of_format(photo, target):
        return None
    found = copied(photo, load(source, max_bytes=max_bytes), target, metadata=metadata)
    if found is None:
        return None
    with replacing(target) as stream:
        stream.write(found[0])
    return found[1]


def copied(
    photo: Photo, data: bytes, target: str | PathLike[str], *, metadata: Literal["keep", "strip"]
) -> tuple[bytes, tuple[str, ...]] | None:
    """Return the bytes that `copy` puts there, of the bytes a photo was read from, and the notes.

    None where it copies nothing.
    """
    if not _is_of_format(photo, target):
        return None
    if metadata == "keep":
        return data, (COPIED,)
    stripped = _stripped(data, photo.format) if photo.format is not None else None
    if stripped is None or photo.stated is not None:
        return None
    return stripped, (COPIED_BARE,)


def _is_of_format(photo: Photo, target: str | PathLike[str]) -> bool:
    """Whether a target has the format a photo was read from, and that is none of a sensor."""
    if photo.format is None or photo.format in _SENSORS or photo.mosaic is not None:
        return False
    try:
        return format_of(target) == photo.format
    except UnwritableError:
        return False


def _stripped(data: bytes, format: Format) -> bytes | None:
    """Return a file without metadata; None where that cannot be, or would turn the picture."""
    strip = _STRIP.get(format)
    try:
        return strip(data) if strip is not None else None
    except (ValueError, struct.error):
        return None


def _jpeg(data: bytes) -> bytes | None:
    pieces = [data[:2]]
    scan = 0
    for marker, start, stop in jpeg_parts.segments(data):
        payload = data[start:stop]
        if marker == jpeg_parts.SCAN:
            scan = start - 4
            break
        if marker == 0xE1 and _turns(payload):
            return None
        is_metadata = 0xE1 <= marker <= 0xEF or marker == 0xFE
        if not is_metadata or marker == _ADOBE or (marker == 0xE2 and payload.startswith(_ICC)):
            pieces.append(data[start - 4 : stop])
    return b"".join([*pieces, data[scan : jpeg_parts.end(data)]])


def _turns(payload: bytes) -> bool:
    """Whether a segment of EXIF or XMP, or a chunk, states an orientation other than upright."""
    try:
        if payload.startswith((b"Exif\0\0", b"II", b"MM")):
            return (exif.orientation(exif.strip_prefix(payload)) or 1) != 1
    except MalformedError:
        return False
    return (xmp.orientation(payload) or 1) != 1


def _png(data: bytes) -> bytes | None:
    pieces, at = [data[:8]], 8
    while at + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, at)
        kind, stop = data[at + 4 : at + 8], at + 12 + length
        if kind in _PNG_METADATA:
            # EXIF and XMP in texts too: as older programs write them.
            if kind == b"eXIf" and _turns(data[at + 8 : stop - 4]):
                return None
            if b"profile" in data[at + 8 : at + 40] or b"XML:com" in data[at + 8 : at + 40]:
                return None
        else:
            pieces.append(data[at:stop])
        at = stop
    return b"".join(pieces)


def _webp(data: bytes) -> bytes | None:
    pieces: list[bytes] = []
    at = 12
    while at + 8 <= len(data):
        kind, length = struct.unpack_from("<4sI", data, at)
        stop = at + 8 + length + length % 2
        chunk = data[at:stop]
        if kind in _WEBP_METADATA:
            if _turns(data[at + 8 : at + 8 + length]):
                return None
        elif kind == b"VP8X":
            pieces.append(chunk[:8] + bytes([chunk[8] & ~_WEBP_FLAGS]) + chunk[9:])
        else:
            pieces.append(chunk)
        at = stop
    body = b"".join(pieces)
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body


_STRIP: dict[Format, Callable[[bytes], bytes | None]] = {
    "jpeg": _jpeg,
    "png": _png,
    "webp": _webp,
}
