"""AVIF, through Pillow.

Source: AVIF 1.1 (2022), sections 2.2 and 4; ISO/IEC 14496-12 (2022), section 8.11.6.
"""

from __future__ import annotations

import re
from io import BytesIO

from PIL.AvifImagePlugin import AvifImageFile

from relume.io.codec import Admit, Codec, Encoded, Incoming, Outgoing
from relume.io.metadata import exif, heif
from relume.io.metadata.boxes import brands
from relume.io.pillow import quiet, strict, to_arrays, to_picture

QUALITY = 85
"""Default."""

FULL_CHROMA = 90
"""From this quality on, chroma is not subsampled."""

SPEED = 8
"""0 (slow, small) to 10: at 8, 12 MP take about 2 s on two cores."""

_EXIF_ITEM = re.compile(rb"(infe.{8})Exif", re.DOTALL)
_DEEP = re.compile(rb"av1C\x81.([\x40-\x7f\xc0-\xff])", re.DOTALL)
"""The configuration box of AV1; bit 6 of its third byte says that samples have 10 or 12 bits."""


def decode(data: bytes, admit: Admit) -> Incoming:
    notes: tuple[str, ...] = ()
    try:
        with strict():
            picture = AvifImageFile(BytesIO(data))
    except Exception as error:
        # Pillow looks into the EXIF on opening. If the picture opens without it, it was the EXIF.
        hidden = _EXIF_ITEM.sub(rb"\g<1>free", data)
        if hidden == data:
            raise
        with strict():
            picture = AvifImageFile(BytesIO(hidden))
        notes = (f"malformed EXIF left out: {error}",)
    admit(*picture.size)
    pixels, alpha, more = to_arrays(picture)
    if picture.n_frames > 1:
        more = (*more, "only the first frame of the sequence was read")
    if _DEEP.search(data[:4096]):
        more = (*more, "more than 8 bits per sample reduced to 8")
    return Incoming(
        pixels=pixels,
        alpha=alpha,
        icc=picture.info.get("icc_profile"),
        stated=heif.main(data).stated,
        exif=picture.info.get("exif"),
        xmp=picture.info.get("xmp"),
        notes=(*notes, *more),
    )


def encode(outgoing: Outgoing) -> Encoded:
    quality = outgoing.quality or QUALITY
    # The container states the orientation itself, and Pillow would write the EXIF anew to say so.
    blob = exif.without_orientation(outgoing.exif) if outgoing.exif is not None else b""
    picture = to_picture(outgoing.pixels, outgoing.alpha)
    stream = BytesIO()
    with quiet():
        picture.save(
            stream,
            "AVIF",
            quality=quality,
            speed=SPEED,
            subsampling=_subsampling(picture.mode, quality),
            icc_profile=outgoing.icc or b"",
            exif=blob,
            xmp=outgoing.xmp or b"",
        )
    return Encoded((stream.getbuffer(),))


def _subsampling(mode: str, quality: int) -> str:
    if mode == "L":
        return "4:0:0"
    return "4:4:4" if quality >= FULL_CHROMA else "4:2:0"


CODEC = Codec(
    name="avif",
    title="AVIF",
    suffixes=(".avif",),
    recognises=lambda first: bool({b"avif", b"avis"} & set(brands(first))),
    decode=decode,
    encode=encode,
    holds_gray="alone",
)
