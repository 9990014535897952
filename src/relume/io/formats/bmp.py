"""BMP, through Pillow: it holds pixels and their density, and no other metadata."""

from __future__ import annotations

from io import BytesIO

from relume.colour_statement.icc import BY_PROFILE
from relume.io.codec import Admit, Codec, Encoded, Incoming, Outgoing
from relume.io.pillow import to_arrays, to_picture

HEADERS = (12, 16, 40, 52, 56, 64, 108, 124)
"""Sizes of the second header, which tell a BMP from a text that begins with BM."""


def _recognises(first: bytes) -> bool:
    return first[:2] == b"BM" and int.from_bytes(first[14:18], "little") in HEADERS


def decode(data: bytes, admit: Admit) -> Incoming:
    from PIL.BmpImagePlugin import BmpImageFile

    picture = BmpImageFile(BytesIO(data))
    admit(*picture.size)
    pixels, alpha, notes = to_arrays(picture)
    dpi = picture.info.get("dpi")
    return Incoming(pixels=pixels, alpha=alpha, dpi=dpi if dpi and all(dpi) else None, notes=notes)


def encode(outgoing: Outgoing) -> Encoded:
    stream = BytesIO()
    picture = to_picture(outgoing.pixels, outgoing.alpha)
    picture.save(stream, "BMP", dpi=outgoing.dpi or (96, 96))
    lost = [
        name for name, data in (("EXIF", outgoing.exif), ("XMP", outgoing.xmp)) if data is not None
    ]
    notes = [f"{' and '.join(lost)} left out: BMP holds none"] if lost else []
    if outgoing.icc is not None and outgoing.colour.by == BY_PROFILE:
        notes.append("ICC profile left out: BMP holds none, so colours may look different")
    return Encoded((stream.getbuffer(),), tuple(notes))


CODEC = Codec(
    name="bmp",
    title="BMP",
    suffixes=(".bmp",),
    recognises=_recognises,
    decode=decode,
    encode=encode,
    has_alpha=False,
    holds_exif=False,
    states_colour=False,
)
