"""XMP packets, changed only where they say how to turn the picture.

Source: XMP specification part 2 (Adobe, 2022), section 3.2, tiff:Orientation.
"""

from __future__ import annotations

import re

_ORIENTATION = re.compile(rb"""(tiff:Orientation\s*(?:=\s*["']|>)\s*)([1-8])(?=\s*["'<])""")


def orientation(packet: bytes) -> int | None:
    """Return the orientation, 1–8, or None when it is not stated."""
    found = _ORIENTATION.search(packet)
    return int(found[2]) if found else None


def upright(packet: bytes) -> bytes:
    """Set the orientation to 1; the packet keeps its size."""
    return _ORIENTATION.sub(rb"\g<1>1", packet)
