"""What EXIF tells of the light that a picture was taken in, and how far its exposure fell short.

In stops (APEX): Av = 2·log2 N, Tv = −log2 t, Sv = log2(ISO/3.125), and Bv, which the file states,
log2 of the scene's luminance. An exposure that is right for it has Av + Tv = Bv + Sv, so that

    short = (Av + Tv) − (Bv + Sv)

Source: Exif 2.32 (CIPA DC-008-2019), section 4.6.5 and annex C.
"""

from __future__ import annotations

from math import log2

from relume.frozen import frozen
from relume.io.metadata import exif, ifd
from relume.io.metadata.ifd import Directory, Entry, Layout, MalformedError

TIME, F_NUMBER, ISO, BRIGHTNESS = 0x829A, 0x829D, 0x8827, 0x9203

TIMES, F_NUMBERS, ISOS, BRIGHTNESSES = (1e-6, 4e3), (0.5, 128.0), (3.0, 4e6), (-16.0, 20.0)
"""Ends of what a camera can mean; 0 stands for unknown."""

ISO_BEYOND = 65535
"""What two bytes state where the sensitivity is at least this."""

EDITORS = (
    *("adobe", "photoshop", "lightroom", "gimp", "darktable", "rawtherapee", "capture one", "dxo"),
    *("affinity", "snapseed", "picasa", "paint", "acdsee", "luminar", "on1", "pixelmator"),
    *("photos", "imagemagick", "photolab", "polarr", "vsco", "facetune", "relume"),
)
"""Parts of what programs that change light write as Software; cameras write their firmware."""


@frozen
class Told:
    """What a camera tells of a picture's light, in stops."""

    short: float
    """By which the exposure fell short of the light; negative where it went beyond."""
    scene: float
    """Bv: about −5 a garden at night, −4 to −2 a dark room, −1.5 a lit city, 2 to 12 by day."""


def told(blob: bytes) -> Told | None:
    """Return what an EXIF blob tells; None where a value is absent or unknown, where an editor has
    been at the picture, or where the blob does not hold together."""
    try:
        written = ifd.layout(blob)
        first = ifd.directory(blob, written, written.first)
        pointer = ifd.numbers(blob, written, first.get(exif.EXIF_IFD))
        if not pointer or written.big or _is_edited(blob, first):
            return None
        return _told(blob, written, ifd.directory(blob, written, pointer[0]))
    except MalformedError:
        return None


def _told(blob: bytes, written: Layout, directory: Directory) -> Told | None:
    found: list[float] = []
    for tag, (low, high) in (
        (TIME, TIMES),
        (F_NUMBER, F_NUMBERS),
        (ISO, ISOS),
        (BRIGHTNESS, BRIGHTNESSES),
    ):
        entry = directory.get(tag)
        values = ifd.reals(blob, written, entry, most=1)
        if not values or _is_unknown(blob, written, entry) or not low <= values[0] <= high:
            return None
        found.append(values[0])
    time, f_number, iso, brightness = found
    if iso == ISO_BEYOND:
        return None
    exposed = 2 * log2(f_number) - log2(time)
    return Told(exposed - (brightness + log2(iso / 3.125)), brightness)


def _is_unknown(blob: bytes, written: Layout, entry: Entry | None) -> bool:
    """Say whether a rational is by 0, which would read as 0, or 0xFFFFFFFF, which Exif says."""
    if entry is None or entry.type not in (ifd.RATIONAL, ifd.SRATIONAL):
        return False
    above, below = ifd.numbers(blob, written, entry)[:2]
    return below == 0 or above in (-1, 0xFFFFFFFF)


def _is_edited(blob: bytes, first: Directory) -> bool:
    entry = first.get(exif.SOFTWARE)
    if entry is None or entry.type != ifd.ASCII or entry.size > exif.LARGEST:
        return False
    software = ifd.value(blob, entry).decode("latin-1").lower()
    return any(editor in software for editor in EDITORS)
