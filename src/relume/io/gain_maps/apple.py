"""Apple's gain maps: how bright the brightest place becomes is in the maker note or beside the map.

    alternate = base · (1 + (headroom − 1) · decode(m))

with the curve of sRGB, so that the gains in stops are log2 of the factor.

Source: Apple, "Applying Apple HDR effect to your photos" (2023).
"""

from __future__ import annotations

from math import isfinite, log2

import numpy as np
from numpy.typing import NDArray

from relume.colour import decode_srgb
from relume.gain_map import GainMap
from relume.io.metadata import exif, ifd, xmp_parts
from relume.io.metadata.ifd import Layout, MalformedError

HDR_GAIN_MAP = "http://ns.apple.com/HDRGainMap/1.0/"
PIXEL_DATA = "http://ns.apple.com/pixeldatainfo/1.0/"
AUXILIARY = "urn:com:apple:photo:2020:aux:hdrgainmap"
_MAKER = b"Apple iOS\0"
_FIRST = 14
"""Where the maker note's directory begins."""
_GAIN, _HEADROOM = 0x30, 0x21
USUAL = 3.0
"""Stops of a map that states none: what phones before the statement had at most."""


def is_map(packet: bytes) -> bool:
    """Whether a packet is that of a gain map of Apple's."""
    return AUXILIARY.encode() in packet


def headroom(blob: bytes | None, packet: bytes | None) -> float:
    """Return the stops of a map, stated beside it or in the picture's EXIF."""
    if packet is not None:
        for text in xmp_parts.values(packet, HDR_GAIN_MAP).get("HDRGainMapHeadroom", []):
            try:
                ratio = float(text)
            except ValueError:
                continue
            if isfinite(ratio) and 1.0 < ratio < 1e3:
                return log2(ratio)
    return _of_note(blob) or USUAL


def _of_note(blob: bytes | None) -> float | None:
    if blob is None:
        return None
    try:
        written = ifd.layout(blob)
        first = ifd.directory(blob, written, written.first)
        (at,) = ifd.numbers(blob, written, first.get(exif.EXIF_IFD)) or (0,)
        entry = ifd.directory(blob, written, at).get(exif.MAKER_NOTE) if at else None
        if entry is None:
            return None
        note = ifd.value(blob, entry)
        if not note.startswith(_MAKER):
            return None
        own = Layout(">", False, _FIRST)
        table = ifd.directory(note, own, _FIRST)
        stated, gain = (ifd.reals(note, own, table.get(tag)) for tag in (_HEADROOM, _GAIN))
    except (MalformedError, ValueError):
        return None
    if not stated or not gain:
        return None
    if stated[0] < 1.0:
        stops = -20 * gain[0] + 1.8 if gain[0] <= 0.01 else -0.101 * gain[0] + 1.601
    else:
        stops = -70 * gain[0] + 3.0 if gain[0] <= 0.01 else -0.303 * gain[0] + 2.303
    return stops if 0.0 < stops < 10 else None


def of_samples(samples: NDArray[np.uint8], stops: float) -> GainMap:
    """Return the map of samples (h, w, 1) with a headroom in stops."""
    level = decode_srgb(np.linspace(0.0, 1.0, 256))
    table = np.log2(1.0 + (2.0**stops - 1.0) * level).astype(np.float32)
    nothing, most = (0.0, 0.0, 0.0), (stops, stops, stops)
    return GainMap(table[samples], None, nothing, most, nothing, nothing, 0.0, stops)
