"""Where the chroma samples of 4:2:0 lie beside those of luma.

    Chroma sample location type, ITU-T H.264 and H.265, annex E: 0 left, 1 center, 2 topleft, 3 top

PyAV does not tell it of a stream. A header of Matroska does, once the stream stands in it:
ChromaSitingHorz and ChromaSitingVert, 1 for the side and 2 for half-way (RFC 9559, 5.1.4.1.28).
"""

from __future__ import annotations

import io
from typing import Any

from relume.extras import need
from relume.video.layout import Layout

_ACROSS, _DOWN = b"\x55\xb7\x81", b"\x55\xb8\x81"
_NAMES = {(1, 2): "left", (2, 2): "center", (1, 1): "topleft", (2, 1): "top"}
USUAL = "left"
"""What players take for granted where nothing is stated."""
_STATED = {
    "h264": frozenset(_NAMES.values()),
    "hevc": frozenset(_NAMES.values()),
    "av1": frozenset({"left", "topleft"}),
}
"""Codec → the locations that its bitstream can state."""


def siting(stream: Any) -> str:
    """Return where the chroma samples of a video stream lie by FFmpeg's names, or nothing where
    that is not stated."""
    format = stream.codec_context.format
    if format is None or (format.chroma_width(256), format.chroma_height(256)) != (128, 128):
        return ""
    av = need("av", extra="video")
    header = io.BytesIO()
    try:
        with av.open(header, "w", format="matroska") as out:
            out.add_stream_from_template(stream, opaque=True)
            out.start_encoding()
            told = header.getvalue()
    except (ValueError, av.error.FFmpegError):
        return ""  # nothing Matroska has a name for
    found = (told.find(_ACROSS), told.find(_DOWN))
    if min(found) < 0:
        return ""
    across, down = (told[at + 3] for at in found)
    return _NAMES.get((across, down), "")


def holds(codec: str, suffix: str, layout: Layout, location: str) -> bool:
    """Tell whether a result can state a location."""
    if not (layout.across and layout.down):
        return False
    return location in _STATED.get(codec, ()) or (codec == "ffv1" and suffix == ".mkv")


def options(codec: str, suffix: str, layout: Layout, location: str) -> dict[str, str]:
    """Return what tells an encoder the location; nothing where it goes without saying."""
    unsaid = not location or (location == USUAL and codec in ("h264", "hevc"))
    if unsaid or not holds(codec, suffix, layout, location):
        return {}
    return {"chroma_sample_location": location}


def lost(codec: str, suffix: str, layout: Layout, location: str) -> str:
    """Say what of a location that is not the usual one is lost."""
    if location in ("", USUAL) or holds(codec, suffix, layout, location):
        return ""
    return f"chroma location {location} left out, {codec} in {suffix} does not state it"
