"""Camera RAW of every maker; it is not written."""

from __future__ import annotations

from relume.io.codec import Codec
from relume.io.raw import libraw
from relume.io.raw.kinds import DNG, SUFFIXES, has_magic

CODEC = Codec(
    name="raw",
    title="camera RAW",
    suffixes=tuple(sorted(SUFFIXES - {DNG})),
    recognises=has_magic,
    decode=libraw.decode,
    encode=None,
)
