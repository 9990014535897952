"""DNG: read as every camera's RAW, written in linear light."""

from __future__ import annotations

from relume.io.codec import Codec
from relume.io.raw import dng, libraw
from relume.io.raw.kinds import DNG

CODEC = Codec(
    name="dng",
    title="DNG",
    suffixes=(DNG,),
    recognises=lambda first: False,  # it begins like any TIFF: `io.raw.kinds` looks further
    decode=libraw.decode,
    encode=dng.encode,
    bits=16,
    has_alpha=False,
)
