"""HEIC and HEIF, read through pi-heif; they are not written.

Source: ISO/IEC 23008-12 (2022), section 6.5.10: rotation and mirroring are properties of the
picture that a reader applies, so EXIF and XMP say nothing about orientation here.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from relume.extras import need
from relume.io import pixels as px
from relume.io.codec import Admit, Codec, Incoming
from relume.io.metadata import heif
from relume.io.metadata.boxes import brands

BRANDS = frozenset((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"))


def _recognises(first: bytes) -> bool:
    claimed = set(brands(first))
    return bool(claimed & BRANDS) and not claimed & {b"avif", b"avis"}


def decode(data: bytes, admit: Admit) -> Incoming:
    from relume.io.gain_maps import auxiliary

    # Samples of more than 8 bits come in 16, shifted up.
    library: Any = need("pi_heif", extra="heic")
    # pi-heif 1.4 makes strings of such names unchecked, and ends the process where it cannot.
    heif.check_texts(data)
    pictures = library.open_heif(data, convert_hdr_to_8bit=False)
    admit(*pictures.size)
    picture = pictures[pictures.primary_index]
    depth: int = picture.info["bit_depth"]
    array: Any = np.array(picture)[: picture.size[1], : picture.size[0]]
    if array.dtype == np.uint16:
        # The upper bits are repeated below, so that the largest sample becomes 65535.
        array |= array >> depth
    pixels, alpha = px.split(array)
    if alpha is not None and picture.premultiplied_alpha:
        pixels = px.unpremultiplied(pixels, alpha)
    notes = ("only the first picture of the file was read",) if len(pictures) > 1 else ()
    return Incoming(
        pixels=pixels,
        alpha=alpha,
        icc=picture.info.get("icc_profile"),
        stated=heif.main(data).stated,
        exif=picture.info.get("exif"),
        xmp=picture.info.get("xmp"),
        gain_map=auxiliary.found(picture, data, admit),
        upright=True,
        depth=depth,
        pages=len(pictures),
        notes=notes,
    )


CODEC = Codec(
    name="heic",
    title="HEIC",
    suffixes=(".heic", ".heif", ".hif"),
    recognises=_recognises,
    decode=decode,
    encode=None,
)
