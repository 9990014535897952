"""Where the parts of a JPEG file lie: segments before the first scan, and where its picture ends.

What lies behind the end are other pictures (MPF, gain maps), a video, or nothing.

Source: ITU-T T.81 (1992), annex B.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

END, SCAN = 0xD9, 0xDA
_ALONE = frozenset({0x01, *range(0xD0, 0xD9)})
"""Markers without a payload: TEM, restarts, the start."""

_MARKER = re.compile(rb"\xff[^\x00\x01\xd0-\xd8\xff]")
"""A marker with a payload, or the end, in what is coded."""


def segments(data: bytes, *, at: int = 2) -> Iterator[tuple[int, int, int]]:
    """Yield marker, start and end of each segment's payload, up to the first scan.

    Raises: ValueError when the file ends before.
    """
    while True:
        at = data.find(b"\xff", at)  # anything between segments is skipped, as libjpeg does
        if at < 0 or at + 4 > len(data):
            raise ValueError("the file ends before the picture begins")
        marker = data[at + 1]
        at += 1 if marker == 0xFF else 2
        if marker in (0x00, 0xFF) or marker in _ALONE:
            continue
        length = int.from_bytes(data[at : at + 2], "big")
        if length < 2 or marker == END:
            raise ValueError("the file ends before the picture begins")
        yield marker, at + 2, at + length
        if marker == SCAN:
            return
        at += length


def end(data: bytes, *, start: int = 0) -> int:
    """Return the offset behind the end marker of the picture that starts at `start`; the length of
    the data where there is none."""
    try:
        at = max(stop for _, _, stop in segments(data, at=start + 2))
    except ValueError:
        return len(data)
    while (found := _MARKER.search(data, at)) is not None:
        at = found.start()
        if data[at + 1] == END:
            return at + 2
        # Tables between scans, and the next scan.
        at += 2 + max(int.from_bytes(data[at + 2 : at + 4], "big"), 2)
    return len(data)
