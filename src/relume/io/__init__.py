"""Pictures in and out, with everything that must survive the trip.

read      file, bytes or stream → Photo      limits before decoding, upright, metadata kept
write     Photo → file or stream             whole or not at all
encode    Photo → bytes
sniff     first bytes → format, or None
format_of path → format, by its suffix
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from relume.io.formats import SUFFIXES, format_of, sniff
    from relume.io.reading import read
    from relume.io.writing import encode, write

__all__ = ["SUFFIXES", "encode", "format_of", "read", "sniff", "write"]

_HOMES = {
    "SUFFIXES": "relume.io.formats",
    "encode": "relume.io.writing",
    "format_of": "relume.io.formats",
    "read": "relume.io.reading",
    "sniff": "relume.io.formats",
    "write": "relume.io.writing",
}


def __getattr__(name: str) -> Any:
    # Lazy, so that a program that only names pictures does not load the codecs.
    if name not in _HOMES:
        raise AttributeError(f"module 'relume.io' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
