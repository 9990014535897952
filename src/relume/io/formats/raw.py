"""Camera RAW of every maker; it is not written."""

from __future__ import annotations

from relume.io import raw
from relume.io.codec import Codec
from relume.io.raw_kinds import DNG, SUFFIXES, has_magic

CODEC = Codec(
    name="raw",
    title="camera RAW",
    suffixes=tuple(sorted(SUFFIXES - {DNG})),
    recognises=has_magic,
    decode=raw.decode,
    encode=None,
)
