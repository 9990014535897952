"""What methods see of a photo: sRGB, whatever its file's numbers mean; and the way back.

A photo of sRGB is seen as it is. Another is seen through `filters.recolour`, in 16 bits; one whose
profile has only tables through LittleCMS.
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

from relume.arrays import Picture, Pixels
from relume.filters.recolour import Bridge
from relume.frozen import frozen
from relume.io import vips
from relume.io.metadata import icc
from relume.photo import Photo
from relume.render.bands import each_band
from relume.render.samples import dither

_ROWS = 32
"""Rows per strip: its floats stay in the second-level cache."""


@frozen(eq=False)
class Working:
    """A picture for methods, and how their result becomes the photo's numbers again."""

    seen: Picture
    """sRGB."""
    back: Back
    """Result of the seen picture's type and size → numbers of the file."""


class Back(Protocol):
    """The way from a result to the numbers of a file."""

    def __call__(self, result: Picture, /, *, dithered: bool = False) -> Pixels:
        """`dithered` spreads the rounding to 8 bits."""
        ...


def _same(result: Picture, /, *, dithered: bool = False) -> Pixels:
    return result


def working(photo: Photo, *, threads: int | None = None) -> Working:
    """Return what methods see of a photo."""
    colour = photo.colour
    if colour.is_srgb:
        return Working(photo.pixels, _same)
    if colour.primaries is None:
        return _through_tables(photo)
    bridge = Bridge(colour, bits=photo.bits)
    own = photo.pixels
    seen = np.empty(own.shape, np.uint16)

    def see(first: int, last: int) -> None:
        bridge.seen(own[first:last], out=seen[first:last])

    each_band(see, height=len(own), rows=_ROWS, threads=threads)

    def back(result: Picture, /, *, dithered: bool = False) -> Pixels:
        restored: Any = np.empty_like(own)

        def bring(first: int, last: int) -> None:
            added = None
            if dithered and photo.bits == 8:
                added = dither((last - first, own.shape[1]), first=(first, 0))
            strips = own[first:last], seen[first:last], result[first:last]
            bridge.back(*strips, added=added, out=restored[first:last])

        each_band(bring, height=len(own), rows=_ROWS, threads=threads)
        return restored

    return Working(seen, back)


def _through_tables(photo: Photo) -> Working:
    """Convert by the tables of the profile, both ways; what did not change stays as it was."""
    profile, own = photo.icc, photo.pixels
    if profile is None or own.ndim == 2:
        return Working(own, _same)
    srgb = icc.srgb()
    seen = vips.converted(own, profile, srgb)

    def back(result: Picture, /, *, dithered: bool = False) -> Pixels:
        changed = (result != seen).any(axis=2, keepdims=True)
        turned = vips.converted(result, srgb, profile)
        if own.dtype == np.uint8:
            turned = ((turned.astype(np.uint32) + 128) // 257).astype(np.uint8)
        return np.where(changed, turned, own)

    return Working(seen, back)
