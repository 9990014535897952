"""AVIF, through Pillow; more than 8 bits, and what is cropped by its container, through libvips.

Source: AVIF 1.1 (2022), sections 2.2 and 4; ISO/IEC 14496-12 (2022), section 8.11.6.
"""

from __future__ import annotations

import re
from dataclasses import replace
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np

from relume.arrays import Pixels
from relume.colour_statement import codes_of
from relume.io import vips
from relume.io.codec import Admit, Codec, Encoded, Incoming, Outgoing
from relume.io.metadata import exif, heif
from relume.io.metadata.boxes import brands
from relume.io.pillow import quiet, strict, to_arrays, to_picture
from relume.io.pixels import split

if TYPE_CHECKING:
    from PIL.AvifImagePlugin import AvifImageFile

QUALITY = 85
"""Default."""

FULL_CHROMA = 90
"""From this quality on, chroma is not subsampled."""

SPEED = 8
"""0 (slow, small) to 10: at 8, 12 MP take about 2 s on two cores."""

_EXIF_ITEM = re.compile(rb"(infe.{8})Exif", re.DOTALL)
EIGHT, DEPTHS = 8, (10, 12)
"""Bits per sample; the first of more than 8 is what every reader knows."""


def decode(data: bytes, admit: Admit) -> Incoming:
    from PIL.AvifImagePlugin import AvifImageFile  # a library that other formats do without

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
    about = heif.main(data)
    notes = (*notes, *_of_sequence(picture))
    info = picture.info
    given = Incoming(
        np.zeros((1, 1), np.uint8),
        icc=info.get("icc_profile"),
        exif=info.get("exif"),
        xmp=info.get("xmp"),
        stated=about.stated,
        depth=about.depth,
        pages=picture.n_frames,
    )
    if about.depth > EIGHT or about.get(b"clap") is not None:
        # Pillow knows neither; libheif crops, turns and mirrors as the container says.
        pixels, alpha = _deep(data, about.depth, admit)
        return replace(given, pixels=pixels, alpha=alpha, upright=True, notes=notes)
    pixels, alpha, more = to_arrays(picture)
    return replace(given, pixels=pixels, alpha=alpha, notes=(*notes, *more))


def _of_sequence(picture: AvifImageFile) -> tuple[str, ...]:
    return ("only the first frame of the sequence was read",) if picture.n_frames > 1 else ()


def _deep(data: bytes, depth: int, admit: Admit) -> tuple[Pixels, Pixels | None]:
    samples: Any = vips.array(vips.load(data, "heifload_source", admit))
    if samples.dtype == np.uint16:
        # Shifted up: the upper bits are repeated below, so that the largest sample becomes 65535.
        samples = samples | samples >> depth
    pixels, alpha = split(samples)
    return pixels, alpha


def encode(outgoing: Outgoing) -> Encoded:
    quality = outgoing.quality or QUALITY
    if outgoing.pixels.dtype == np.uint16 or outgoing.colour.is_hdr:
        return _encode_deep(outgoing, quality)
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


def _encode_deep(outgoing: Outgoing, quality: int) -> Encoded:
    """Write 10 or 12 bits, or 8 of HDR, whose numbers Pillow cannot state."""
    from relume.io.metadata import heif_writer

    is_deep = outgoing.pixels.dtype == np.uint16
    depth = outgoing.depth if outgoing.depth in DEPTHS else DEPTHS[0] if is_deep else EIGHT
    coded = vips.avif(
        outgoing.pixels,
        outgoing.alpha,
        depth=depth,
        quality=quality,
        effort=9 - SPEED,
        full_chroma=quality >= FULL_CHROMA,
    )
    blob = exif.without_orientation(outgoing.exif) if outgoing.exif is not None else None
    whole = heif_writer.with_statements(
        coded,
        codes=codes_of(outgoing.colour) if outgoing.icc is None else None,
        icc=outgoing.icc,
        exif=blob,
        xmp=outgoing.xmp,
    )
    rounded = is_deep and outgoing.depth not in DEPTHS
    held = outgoing.depth if outgoing.depth and outgoing.depth > EIGHT else 16
    note = f"{held} bits rounded to {depth}: more is not written to AVIF"
    return Encoded((whole,), (note,) if rounded else ())


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
    bits=16,
    states_hdr=True,
)
