"""DNG: read as every camera's RAW, written in linear light."""

from __future__ import annotations

from relume.io.codec import Codec, Encoded, Outgoing
from relume.io.formats.raw import decode
from relume.io.raw.kinds import DNG


def encode(outgoing: Outgoing) -> Encoded:
    """Write a DNG in linear light."""
    from relume.io.raw import dng  # what it needs takes time to load

    return dng.encode(outgoing)


CODEC = Codec(
    name="dng",
    title="DNG",
    suffixes=(DNG,),
    recognises=lambda first: False,  # it begins like any TIFF: `io.raw.kinds` looks further
    decode=decode,
    encode=encode,
    bits=16,
    has_alpha=False,
)
