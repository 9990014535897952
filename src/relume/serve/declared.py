"""The size a picture declares, out of its first bytes: for refusing it before it has arrived.

`io.read` has the last word; this only spares reading what it would refuse. It knows PNG (its
header comes first) and JPEG (SOF, ITU-T T.81 B.2.2, behind whatever metadata precedes it).
"""

from __future__ import annotations

import struct

ENOUGH = 256 * 1024
"""Bytes after which it is not looked for any longer."""
_SOF = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_ALONE = frozenset((0x01, *range(0xD0, 0xD8)))


def declared(first: bytes | bytearray) -> tuple[int, int] | None:
    """Return width and height, or None where they are not among these bytes."""
    if first[:8] == b"\x89PNG\r\n\x1a\n":
        return struct.unpack_from(">II", first, 16) if len(first) >= 24 else None
    return _jpeg(first) if first[:3] == b"\xff\xd8\xff" else None


def _jpeg(first: bytes | bytearray) -> tuple[int, int] | None:
    at = 2
    while at + 9 < len(first):
        if first[at] != 0xFF:
            return None
        marker = first[at + 1]
        if marker == 0xFF:
            at += 1
        elif marker in _ALONE:
            at += 2
        elif marker in _SOF:
            height, width = struct.unpack_from(">HH", first, at + 5)
            return width, height
        else:
            at += 2 + max(2, int.from_bytes(first[at + 2 : at + 4], "big"))
    return None
