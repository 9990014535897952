"""Camera RAW of every maker; it is not written."""

from __future__ import annotations

from relume.io.codec import Admit, Codec, Incoming
from relume.io.raw.kinds import DNG, SUFFIXES, has_magic


def decode(data: bytes, admit: Admit) -> Incoming:
    """Develop a file as LibRaw and its own statements say."""
    from relume.io.raw import libraw  # what it needs takes time to load

    return libraw.decode(data, admit)


CODEC = Codec(
    name="raw",
    title="camera RAW",
    suffixes=tuple(sorted(SUFFIXES - {DNG})),
    recognises=has_magic,
    decode=decode,
    encode=None,
)
