"""Files of videos and sound, told by how they begin; none of them is a picture."""

from __future__ import annotations

HEAD = 400
"""How many first bytes are enough: two packets of a transport stream."""
WORDS = (
    "is a video or sound, no picture; `relume enhance` and `relume score --video` take videos, "
    "which they know by the suffix"
)

_BEGINNINGS = (
    b"\x1aE\xdf\xa3",  # Matroska and WebM
    b"YUV4MPEG2 ",
    b"\0\0\1\xba",  # programs of MPEG, and bare pictures of MPEG-1 and 2
    b"\0\0\1\xb3",
    b"FLV\1",
    b"0&\xb2u\x8ef\xcf\x11",  # ASF, as WMV
    b"\x06\x0e+4\2\5\1\1\r\1\2\1",  # MXF
    b"OggS",
    b"fLaC",
    b"ID3",
)
_RIFF = (b"AVI ", b"WAVE")
_BRANDS = tuple(
    b"ftyp" + brand for brand in (b"iso", b"mp4", b"avc1", b"qt  ", b"M4", b"3g", b"dash", b"MSNV")
)
"""Of ISO media files that hold no pictures as HEIC and AVIF do."""
_OLD = (b"moov", b"mdat", b"wide")
"""Boxes that files of QuickTime from before there were brands begin with."""
_PACKETS = ((0, 188), (4, 192))
"""Where transport streams of MPEG have their first packet, and where from there the second."""


def is_film(head: bytes) -> bool:
    """Tell a video or sound by its first bytes."""
    if head.startswith(_BEGINNINGS) or head[4:12].startswith((*_BRANDS, *_OLD)):
        return True
    if head.startswith(b"RIFF"):
        return head[8:12] in _RIFF
    return any(
        head[first : first + 1] == head[first + length : first + length + 1] == b"G"
        for first, length in _PACKETS
    )
