"""DNG: read as every camera's RAW, written in linear light."""

from __future__ import annotations

from relume.io import dng, raw
from relume.io.codec import Codec
from relume.io.raw_kinds import DNG

CODEC = Codec(
    name="dng",
    title="DNG",
    suffixes=(DNG,),
    recognises=lambda first: False,  # it begins like any TIFF: `raw_kinds` looks further
    decode=raw.decode,
    encode=dng.encode,
    bits=16,
    has_alpha=False,
)
