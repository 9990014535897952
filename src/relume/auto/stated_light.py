"""What a file tells of its own light, where its pixels do not contradict it, in a few words."""

from __future__ import annotations

from math import log2

from relume.arrays import Picture
from relume.colour import decode_srgb, value
from relume.filters.sample import thin
from relume.io.metadata.exposure import Told, told

GRAY = 0.18
"""Mean linear light that exposures aim at."""
CONTRADICTED = 2.0
"""Stops by which a picture may be lighter than its file says: half of a frame in the light is one
of them, and tone curves lift by about another."""
OVER = -1.5
"""Stops under which what is stated is no exposure that anybody would keep of a dark picture."""
NIGHT, DIM = -1.0, 2.0
"""Bv under which it is night, or a dark room, and under which light is dim."""


def words(picture: Picture, exif: bytes | None) -> str:
    """Say by how much a picture's exposure fell short of its scene and how dark that was, as in
    "3 stops short by its EXIF, night"; nothing where its file does not tell, or hardly can be
    right."""
    stated = None if exif is None else told(exif)
    if stated is None or not is_plausible(stated, picture):
        return ""
    scene = "night" if stated.scene < NIGHT else "dim light" if stated.scene < DIM else "daylight"
    short = round(stated.short)
    if short >= 1:
        return f"{short} stop{'s' if short > 1 else ''} short by its EXIF, {scene}"
    return "" if scene == "daylight" else f"exposed for {scene} by its EXIF"


def is_plausible(stated: Told, picture: Picture) -> bool:
    """Say whether a picture is about as dark as an exposure so many stops short makes it."""
    if stated.short < OVER:
        return False
    light = float(decode_srgb(value(thin(picture))).mean())
    return light <= 0.0 or log2(GRAY / light) >= stated.short - CONTRADICTED
