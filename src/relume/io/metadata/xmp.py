"""XMP packets, changed only where they say how to turn the picture, or what holds for the picture
as it was stored: places of faces, sizes, small copies.

Source: XMP specification part 2 (Adobe, 2022), sections 3.2 (tiff:Orientation), 2.1.5 (thumbnails);
part 3 (2020), section 1.1.3.1 (extended XMP); Metadata Working Group guidelines 2.0 (2010), section
5.9 (regions); the People schema of Microsoft (2009).
"""

from __future__ import annotations

import re
from collections.abc import Callable

_ORIENTATION = re.compile(rb"""(tiff:Orientation\s*(?:=\s*["']|>)\s*)([1-8])(?=\s*["'<])""")
_EXTENSION = re.compile(
    rb"""\s*xmpNote:HasExtendedXMP\s*=\s*(?:"[^"]*"|'[^']*')"""
    rb"""|<xmpNote:HasExtendedXMP>[^<]*</xmpNote:HasExtendedXMP>"""
)
_SMALL = re.compile(rb"<(xmp|xap):Thumbnails\b.*?</\1:Thumbnails>", re.DOTALL)
_REGIONS = re.compile(rb"<(mwg-rs:Regions|MP:RegionInfo)\b.*?</\1>", re.DOTALL)
_AREA = re.compile(rb"<mwg-rs:Area\b[^>]*/>|<mwg-rs:Area\b.*?</mwg-rs:Area>", re.DOTALL)
_RECTANGLE = re.compile(rb"""(MPReg:Rectangle\s*(?:=\s*["']|>)\s*)([\d.,\s]+)(?=["'<])""")
_SIZES = (
    (rb"tiff:ImageWidth", rb"tiff:ImageLength"),
    (rb"exif:PixelXDimension", rb"exif:PixelYDimension"),
    (rb"stDim:w", rb"stDim:h"),
)

Place = tuple[float, float]


def orientation(packet: bytes) -> int | None:
    """Return the orientation, 1–8, or None when it is not stated."""
    found = _ORIENTATION.search(packet)
    return int(found[2]) if found else None


def upright(packet: bytes, *, turned: int = 1) -> bytes:
    """Set the orientation to 1, turn what was said of the picture as it was stored, and leave out
    small copies of it; `turned` is the orientation that was applied to the pixels."""
    packet = _SMALL.sub(b"", _ORIENTATION.sub(rb"\g<1>1", packet))
    if turned == 1:
        return packet
    packet = _REGIONS.sub(lambda found: _turned_regions(found[0], turned), packet)
    if turned >= 5:
        for across, down in _SIZES:
            packet = _swapped(packet, across, down)
    return packet


def without_extension(packet: bytes) -> bytes:
    """Take out the statement that there is more XMP elsewhere."""
    return _EXTENSION.sub(b"", packet)


def moved(place: Place, orientation: int) -> Place:
    """Return where a place in [0, 1] of the stored picture lies in the upright one."""
    x, y = place
    if orientation >= 5:
        x, y = y, x
    if orientation in (2, 3, 6, 7):
        x = 1.0 - x
    if orientation in (3, 4, 7, 8):
        y = 1.0 - y
    return x, y


def _turned_regions(block: bytes, turned: int) -> bytes:
    """Turn all areas of a list of regions; leave it out if one cannot be read."""
    try:
        block = _AREA.sub(lambda found: _turned_area(found[0], turned), block)
        return _RECTANGLE.sub(lambda found: found[1] + _turned_rectangle(found[2], turned), block)
    except ValueError:
        return b""


def _value(name: bytes) -> re.Pattern[bytes]:
    return re.compile(rb"(" + name + rb"""\s*(?:=\s*["']|>)\s*)([-+.\deE]+)(?=\s*["'<])""")


def _turned_area(area: bytes, turned: int) -> bytes:
    """Centre, width and height in shares of the picture; a circle has a diameter."""
    found = {name: _value(b"stArea:" + name).search(area) for name in (b"x", b"y", b"w", b"h")}
    if not (found[b"x"] and found[b"y"]) or bool(found[b"w"]) != bool(found[b"h"]):
        raise ValueError("an area without a place")
    x, y = moved((float(found[b"x"][2]), float(found[b"y"][2])), turned)
    area = _set(_set(area, b"stArea:x", x), b"stArea:y", y)
    if found[b"w"] and found[b"h"] and turned >= 5:
        wide, tall = float(found[b"w"][2]), float(found[b"h"][2])
        area = _set(_set(area, b"stArea:w", tall), b"stArea:h", wide)
    return area


def _set(block: bytes, name: bytes, value: float) -> bytes:
    return _value(name).sub(lambda found: found[1] + f"{value:.6g}".encode(), block)


def _turned_rectangle(words: bytes, turned: int) -> bytes:
    """Left, top, width and height in shares of the picture."""
    left, top, wide, tall = (float(word) for word in words.split(b","))
    x, y = moved((left + wide / 2, top + tall / 2), turned)
    if turned >= 5:
        wide, tall = tall, wide
    return ", ".join(f"{n:.6g}" for n in (x - wide / 2, y - tall / 2, wide, tall)).encode()


def _swapped(packet: bytes, across: bytes, down: bytes) -> bytes:
    """Exchange the values of two names, wherever both are stated."""
    first, second = _value(across).search(packet), _value(down).search(packet)
    if first is None or second is None:
        return packet
    wide, tall = first[2], second[2]

    def put(number: bytes) -> Callable[[re.Match[bytes]], bytes]:
        return lambda found: found[1] + number

    return _value(down).sub(put(wide), _value(across).sub(put(tall), packet))
