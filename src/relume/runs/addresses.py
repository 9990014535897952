"""Addresses of cameras and streams, which are no files."""

from __future__ import annotations

import re

_STREAM = re.compile(r"(?:rtsps?|https?|rtmp|udp|srt)://.*", re.IGNORECASE)


def is_stream(text: str) -> bool:
    """Tell whether a text names a stream, and no file or object of a store."""
    return _STREAM.fullmatch(text) is not None


def shown(address: str) -> str:
    """Return an address without the name and password in it, which are nobody's business."""
    return re.sub(r"(?<=://)[^/\s]*@", "", address)
