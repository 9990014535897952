"""The true reason why the pixels of a RAW file cannot be read, where LibRaw knows none.

Source: DNG 1.7 (2023), chapter 3 "Compression"; the tag NEFCompression of Nikon's maker note.
"""

from __future__ import annotations

from relume.io.metadata import exif, ifd
from relume.io.metadata.ifd import Layout, MalformedError
from relume.io.raw import dng_tags

_COMPRESSIONS = {
    52546: "JPEG XL, which LibRaw does not decode; let Adobe's DNG Converter write it anew for "
    "compatibility with Camera Raw 7.1 or later",
    9: "VC-5 (GoPro), which LibRaw does not decode; convert it with GoPro's or Adobe's converter",
}
HIGH_EFFICIENCY = (
    "its pixels are in Nikon's High Efficiency compression, which LibRaw does not decode; convert "
    "it to DNG with Adobe's converter, or let the camera write lossless compression"
)
_NEF, _NEF_COMPRESSION, _EFFICIENT = 34713, 0x93, (13, 14)
_JPEG_XS = b"\xff\x10\xff\x50"
"""What a stream of JPEG XS, of which Nikon's compression is a kind, begins with."""


def known(data: bytes) -> str:
    """Return why this file is not even tried; empty where it is."""
    try:
        written = ifd.layout(data)
        return HIGH_EFFICIENCY if _is_high_efficiency(data, written) else ""
    except MalformedError:
        return ""


def after_failure(data: bytes) -> str:
    """Return why LibRaw failed; empty where nothing is known."""
    try:
        written = ifd.layout(data)
        for table in dng_tags.full_pictures(data, written):
            number = ifd.numbers(data, written, table.get(dng_tags.COMPRESSION))
            if number and number[0] in _COMPRESSIONS:
                return f"its pixels are compressed with {_COMPRESSIONS[number[0]]}"
    except MalformedError:
        pass
    return ""


def _is_high_efficiency(data: bytes, written: Layout) -> bool:
    first = ifd.directory(data, written, written.first)
    make = first.get(exif.MAKE)
    if make is None or not ifd.value(data, make).upper().startswith(b"NIKON"):
        return False
    for table in dng_tags.directories(data, written):
        if ifd.numbers(data, written, table.get(dng_tags.COMPRESSION))[:1] == (_NEF,):
            starts = ifd.numbers(data, written, table.get(273))
            if starts and data[starts[0] : starts[0] + 4] == _JPEG_XS:
                return True
    return _stated(data, written, first) in _EFFICIENT


def _stated(data: bytes, written: Layout, first: ifd.Directory) -> int:
    """Return the compression that Nikon's maker note names, 0 for none."""
    inner_at = ifd.numbers(data, written, first.get(exif.EXIF_IFD))
    if not inner_at or first.get(dng_tags.DNG_VERSION) is not None:
        return 0
    note = ifd.directory(data, written, inner_at[0]).get(exif.MAKER_NOTE)
    if note is None:
        return 0
    blob = ifd.value(data, note)
    if blob[:6] != b"Nikon\0":
        return 0
    inner = blob[10:]  # a TIFF of its own behind name and version
    own = ifd.layout(inner)
    table = ifd.directory(inner, own, own.first)
    return (ifd.numbers(inner, own, table.get(_NEF_COMPRESSION)) or (0,))[0]
