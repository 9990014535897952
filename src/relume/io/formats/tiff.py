"""TIFF, read: pixels through libvips, directories by hand. Camera RAW that is a TIFF inside does
not come here.

Source: TIFF 6.0 (1992), sections 3–8 and 18; ICC.1:2022, annex B.5; XMP specification part 3
(2020), section 3.3.
"""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
from PIL import Image

from relume.arrays import Pixels
from relume.errors import UnreadableError
from relume.io import pixels as px
from relume.io import tiff_writer, vips
from relume.io.codec import Admit, Codec, Incoming
from relume.io.metadata import exif, icc, ifd
from relume.io.metadata.ifd import Directory, Entry, Layout, MalformedError
from relume.io.pillow import ONE_BIT, PALETTE, to_arrays

WIDTH, HEIGHT, BITS, PHOTOMETRIC = 256, 257, 258, 262
EXTRA_SAMPLES, SAMPLE_FORMAT, XMP, ICC = 338, 339, 700, 34675

FLOAT, COMPLEX = 3, 6
PALETTE_COLOUR, CMYK = 3, 5
UNSPECIFIED, PREMULTIPLIED, UNASSOCIATED = 0, 1, 2


def decode(data: bytes, admit: Admit) -> Incoming:
    written = ifd.layout(data)
    first = ifd.directory(data, written, written.first)

    def stated(tag: int) -> tuple[int, ...]:
        return ifd.numbers(data, written, first.get(tag))

    admit(*(stated(WIDTH) or (0,))[:1], *(stated(HEIGHT) or (0,))[:1])
    formats = stated(SAMPLE_FORMAT)
    if FLOAT in formats or COMPLEX in formats:
        raise UnreadableError(
            "floating-point TIFF is not read, its range being unstated; save it as 16-bit integers"
        )
    bits = (stated(BITS) or (1,))[0]
    notes: list[str] = []
    if stated(PHOTOMETRIC)[:1] == (PALETTE_COLOUR,):
        notes.append(PALETTE)
    elif bits < 8:
        notes.append(ONE_BIT if bits == 1 else f"{bits}-bit picture expanded to 8 bits")
    if first.next:
        notes.append("only the first page was read")
    profile = _bytes(data, first.get(ICC))
    extra = first.get(EXTRA_SAMPLES)
    extras = stated(EXTRA_SAMPLES)
    if extra is not None and extras[:1] == (PREMULTIPLIED,):
        # Versions of libvips differ in whether they divide by alpha: hide that it is needed.
        relabelled = bytearray(data)
        struct.pack_into(written.order + "H", relabelled, extra.value_at, UNASSOCIATED)
        data = bytes(relabelled)
    image = vips.load(data, "tiffload_source", admit)
    if image.interpretation in ("lab", "labs"):
        image = image.colourspace("rgb16" if bits > 8 else "srgb")
        profile = None
        notes.append("CIE Lab converted to sRGB")
    samples = vips.array(image)
    if stated(PHOTOMETRIC)[:1] == (CMYK,):
        pixels, alpha = _from_cmyk(samples, profile, notes), None
        profile = None
    else:
        pixels, alpha = _split(samples, extras, notes)
    return Incoming(
        pixels=pixels,
        alpha=alpha,
        icc=profile,
        exif=_exif(data, written, first, notes),
        xmp=_bytes(data, first.get(XMP)),
        dpi=exif.resolution(data, written, first),
        notes=tuple(notes),
    )


def _bytes(data: bytes, entry: Entry | None) -> bytes | None:
    try:
        return ifd.value(data, entry) or None if entry is not None else None
    except MalformedError:
        return None


def _exif(data: bytes, written: Layout, first: Directory, notes: list[str]) -> bytes | None:
    try:
        return exif.extract(data, written, first)
    except MalformedError as error:
        notes.append(f"malformed EXIF left out: {error}")
        return None


def _from_cmyk(samples: Any, profile: bytes | None, notes: list[str]) -> Pixels:
    inks = px.to_eight_bits(np.ascontiguousarray(samples[..., :4]))
    size = (inks.shape[1], inks.shape[0])
    picture = Image.frombuffer("CMYK", size, inks, "raw", "CMYK", 0, 1)
    turned, note = icc.cmyk_to_srgb(picture, profile)
    notes.append(note)
    return to_arrays(turned)[0]


def _split(samples: Any, extras: tuple[int, ...], notes: list[str]) -> tuple[Pixels, Pixels | None]:
    channels = 1 if samples.ndim == 2 else samples.shape[2]
    colours = channels - len(extras) if extras else (3 if channels >= 3 else 1)
    if colours not in (1, 3):
        raise ValueError(f"{channels} samples per pixel, of which {len(extras)} are extra")
    if channels > colours and extras[:1] == (UNSPECIFIED,):
        notes.append("an extra channel of no stated meaning was left out")
        samples = samples[..., :colours]
    elif channels > colours + 1:
        notes.append("extra channels after the first were left out")
        samples = samples[..., : colours + 1]
    pixels, alpha = px.split(samples)
    if alpha is not None and extras[:1] == (PREMULTIPLIED,):
        return px.unpremultiplied(pixels, alpha), alpha
    return pixels, alpha


CODEC = Codec(
    name="tiff",
    title="TIFF",
    suffixes=(".tif", ".tiff"),
    recognises=lambda first: first[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"),
    decode=vips.with_own_reason(decode),
    encode=tiff_writer.encode,
    bits=16,
)
