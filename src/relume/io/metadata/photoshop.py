"""Photoshop's image resources, which hold IPTC records: kept, but for what shows the old picture.

Source: Adobe Photoshop File Formats Specification (2019), "Image Resources Section"; IPTC-NAA
Information Interchange Model 4.2 (2014).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

IPTC = 0x0404
_STALE = frozenset(
    {0x0409, 0x040C}  # thumbnails
    | {0x040F, 0x0422, 0x0423, 0x0424}  # profile, EXIF and XMP once more, which go their own way
    | {0x03ED}  # resolution, which goes with EXIF
)
_PATHS = range(2000, 2998)
"""Clipping paths: places in the stored picture."""
_MOST = 2000


def _blocks(data: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """Yield number, content and the whole of each resource."""
    at = 0
    for _ in range(_MOST):
        if data[at : at + 4] not in (b"8BIM", b"MeSa", b"PHUT", b"AgHg", b"DCSR"):
            return
        (number,) = struct.unpack_from(">H", data, at + 4)
        start = at + 6 + (data[at + 6] + 2) // 2 * 2  # a name of even size with its length
        (size,) = struct.unpack_from(">I", data, start)
        stop = start + 4 + size
        if stop > len(data):
            return
        yield number, data[start + 4 : stop], data[at:stop] + b"\0" * (size % 2)
        at = stop + size % 2


def kept(data: bytes, *, turned: bool) -> bytes | None:
    """Return the resources that still hold, once the picture is another one; None for none."""
    try:
        found = [
            whole
            for number, _, whole in _blocks(data)
            if number not in _STALE and not (turned and number in _PATHS)
        ]
    except (struct.error, IndexError):
        return None
    return b"".join(found) or None


def iptc(data: bytes) -> bytes | None:
    """Return the IPTC records among resources."""
    return next((content for number, content, _ in _blocks(data) if number == IPTC), None)


def without_iptc(data: bytes) -> bytes | None:
    """Return the other resources."""
    return b"".join(whole for number, _, whole in _blocks(data) if number != IPTC) or None


def of_iptc(records: bytes) -> bytes:
    """Wrap IPTC records as a resource."""
    head = b"8BIM" + struct.pack(">HH", IPTC, 0) + struct.pack(">I", len(records))
    return head + records + b"\0" * (len(records) % 2)
