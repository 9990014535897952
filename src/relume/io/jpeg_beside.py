"""What a JPEG file says beside EXIF and XMP: comments, Photoshop's resources, extended XMP.

Source: ITU-T T.81 (1992), annex B; XMP specification part 3 (2020), section 1.1.3.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from hashlib import md5

from relume.photo import COMMENT, Beside

EXTENDED = b"http://ns.adobe.com/xmp/extension/\0"
PHOTOSHOP = b"Photoshop 3.0\0"
LARGEST = 65533
"""Bytes a segment can hold."""

Segments = Sequence[tuple[int, bytes]]
"""Marker and payload."""


def segment(marker: int, payload: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(payload) + 2) + payload


def read(found: Segments) -> Beside:
    comments = [p for m, p in found if m == 0xFE]
    # Bytes of any encoding come back as they were.
    texts = ((COMMENT, one.decode("utf-8", "surrogateescape")) for one in comments if one)
    resources = (p[len(PHOTOSHOP) :] for m, p in found
                 if m == 0xED and p.startswith(PHOTOSHOP))  # fmt: skip
    return Beside(tuple(texts), b"".join(resources) or None, _extended(found))


def _extended(found: Segments) -> bytes | None:
    """Put extended XMP together; None where parts are missing. XMP, part 3, section 1.1.3.1."""
    parts = [p[len(EXTENDED) :] for m, p in found
             if m == 0xE1 and p.startswith(EXTENDED) and len(p) >= len(EXTENDED) + 40]  # fmt: skip
    whole, guid = bytearray(), b""
    for part in sorted(parts, key=lambda one: one[36:40]):
        (at,) = struct.unpack_from(">I", part, 36)
        if (guid and part[:32] != guid) or at != len(whole):
            return None
        guid = part[:32]
        whole += part[40:]
    return bytes(whole) or None


def segments(beside: Beside) -> Iterator[bytes]:
    extended = beside.extended_xmp or b""
    guid = md5(extended, usedforsecurity=False).hexdigest().upper().encode()
    step = LARGEST - len(EXTENDED) - 40
    for at in range(0, len(extended), step):
        head = EXTENDED + guid + struct.pack(">II", len(extended), at)
        yield segment(0xE1, head + extended[at : at + step])
    resources = beside.photoshop or b""
    step = LARGEST - len(PHOTOSHOP)
    for at in range(0, len(resources), step):
        yield segment(0xED, PHOTOSHOP + resources[at : at + step])
    for _, words in beside.texts:
        comment = words.encode("utf-8", "surrogateescape")
        for at in range(0, len(comment), LARGEST):
            yield segment(0xFE, comment[at : at + LARGEST])
