"""Dolby Vision's profile 5: a video without an ordinary picture underneath."""

from __future__ import annotations

import mmap
from pathlib import Path

from relume.errors import UnreadableError

_BOXES = (b"dvcC", b"dvvC", b"dvwC")
"""Dolby Vision Streams Within the ISO Base Media File Format, 2.4, section 3.1."""
_SEARCHED = 16 * 2**20
"""Bytes at either end: the box lies in `moov`."""


def profile(path: Path) -> int | None:
    """Return the profile that an ISO media file states."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        for start in sorted({0, max(0, len(data) - _SEARCHED)}):
            for box in _BOXES:
                at = data.find(box, start, start + _SEARCHED)
                if 4 <= at <= len(data) - 8 and data[at - 4 : at] == b"\0\0\0\x20":
                    return data[at + 6] >> 1
    return None


def refuse_without_base(path: Path, format: str) -> None:
    """Raise UnreadableError for profile 5."""
    if not (format.startswith("mov") and path.is_file() and path.stat().st_size):
        return
    if profile(path) == 5:
        raise UnreadableError(
            f"{path}: Dolby Vision profile 5 holds no ordinary picture; convert it to HDR10 first"
        )
