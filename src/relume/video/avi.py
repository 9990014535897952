"""Where an AVI that was cut should have ended: FFmpeg estimates that from what there is.

| what   | field                                   | meaning                                   |
|--------|-----------------------------------------|-------------------------------------------|
| size   | RIFF, bytes 4 to 7; more than one       | bytes of the file from there              |
| length | strh of type vids: scale, rate, length  | the stream ends at length · scale / rate  |

Microsoft, "AVI RIFF File Reference"; OpenDML AVI File Format Extensions 1.02.
"""

from __future__ import annotations

import struct
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO

_HEAD = 2**16
"""Bytes in which the headers of streams lie."""


def stated_end(path: Path) -> Fraction | None:
    """Return the second at which the picture of a file that was cut should have ended, or None
    where nothing is missing or nothing is stated."""
    with path.open("rb") as file:
        if not _is_cut(file):
            return None
        file.seek(0)
        head = file.read(_HEAD)
    at = head.find(b"strh")
    while at >= 0:
        if head[at + 8 : at + 12] == b"vids" and at + 44 <= len(head):
            scale, rate, start, length = struct.unpack("<4I", head[at + 28 : at + 44])
            return Fraction((start + length) * scale, rate) if rate and scale and length else None
        at = head.find(b"strh", at + 4)
    return None


def _is_cut(file: BinaryIO) -> bool:
    """Tell whether the file is shorter than its parts, one after another, say."""
    size, at = file.seek(0, 2), 0
    while at + 12 <= size:
        file.seek(at)
        kind, length = struct.unpack("<4sI", file.read(8))
        if kind != b"RIFF":
            return False
        at += 8 + length + length % 2
    return at > size + 1
