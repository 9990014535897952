"""JPEG XL, through libjxl. Quality 100 is lossless.

Source: ISO/IEC 18181-2 (2024), sections 5 and 9. The picture is turned by its decoder, so EXIF
and XMP say nothing about orientation here.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from relume.io import pixels as px
from relume.io.codec import Admit, Codec, Encoded, Incoming, Outgoing

QUALITY = 90
"""Default: a distance of 1, which is just not noticed."""
LOSSLESS = 100
EFFORT, EFFORT_LOSSLESS = 3, 2
"""1 (fast) to 9 (small). 12 MP take about a second on two cores; more takes several times as long
for 6 % fewer bytes without loss, and for none with it. `benchmarks/io.py --jxl`."""

CODESTREAM = b"\xff\x0a"
CONTAINER = b"\0\0\0\x0cJXL \r\n\x87\n"
_UNREAD = {b"jumb": "JUMBF data", b"jhgm": "the HDR gain map"}


def distance(quality: int) -> float:
    """Return the distance that a quality of JPEG's scale stands for, as cjxl has it.

    Linear down to 30, so that 90 is 1 and 100 is 0; below it a parabola that goes on smoothly.
    """
    if quality >= LOSSLESS:
        return 0.0
    if quality >= 30:
        return 0.1 + (100 - quality) * 0.09
    return 53 / 3000 * quality**2 - 23 / 20 * quality + 25


def decode(data: bytes, admit: Admit) -> Incoming:
    from relume.io.jxl import decoder  # declares a library, which takes time

    found = decoder.decode(data, admit)
    assert found.pixels is not None
    pixels, alpha = px.split(found.pixels)
    if alpha is not None and found.info.alpha_premultiplied:
        pixels = px.unpremultiplied(pixels, alpha)
    notes = list(found.notes)
    lost = [words for kind, words in _UNREAD.items() if kind in found.boxes]
    if lost:
        notes.append(f"left out: {', '.join(lost)}")
    if found.frames > 1:
        notes.append("only the first frame of the animation was read")
    is_lossless = found.info.uses_original_profile and b"jbrd" not in found.boxes
    return Incoming(
        pixels=pixels,
        alpha=alpha,
        icc=found.icc,
        stated=found.stated,
        exif=_exif(found.boxes.get(b"Exif")),
        xmp=found.boxes.get(b"xml ") or None,
        quality=LOSSLESS if is_lossless else None,
        upright=True,
        depth=found.depth,
        pages=found.frames,
        notes=tuple(notes),
    )


def _exif(box: bytes | None) -> bytes | None:
    """Content: how far behind this number the TIFF header begins, four bytes; that."""
    if box is None or len(box) < 4:
        return None
    return box[4 + int.from_bytes(box[:4], "big") :] or None


def encode(outgoing: Outgoing) -> Encoded:
    from relume.io.jxl import encoder

    planes: Any = outgoing.pixels
    if outgoing.alpha is not None:
        planes = np.dstack([planes, outgoing.alpha])
    is_deep = outgoing.pixels.dtype == np.uint16
    depth = outgoing.depth if is_deep and 8 < (outgoing.depth or 0) <= 16 else None
    boxes: dict[bytes, bytes] = {}
    if outgoing.exif is not None:
        boxes[b"Exif"] = bytes(4) + outgoing.exif
    if outgoing.xmp is not None:
        boxes[b"xml "] = outgoing.xmp
    lossiness = distance(outgoing.quality or QUALITY)
    pieces = encoder.encode(
        planes,
        depth=depth or (16 if is_deep else 8),
        colour=outgoing.colour,
        icc=outgoing.icc,
        boxes=boxes,
        distance=lossiness,
        effort=EFFORT if lossiness else EFFORT_LOSSLESS,
    )
    return Encoded(pieces)


CODEC = Codec(
    name="jxl",
    title="JPEG XL",
    suffixes=(".jxl",),
    recognises=lambda first: first.startswith((CODESTREAM, CONTAINER)),
    decode=decode,
    encode=encode,
    bits=16,
    states_hdr=True,
)
