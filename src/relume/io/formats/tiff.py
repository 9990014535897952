"""TIFF, read: pixels through libvips, directories by hand. Camera RAW that is a TIFF inside does
not come here.

Source: TIFF 6.0 (1992), sections 3–8 and 18; ICC.1:2022, annex B.5; XMP specification part 3
(2020), section 3.3.
"""

from __future__ import annotations

import struct
from typing import Any

import numpy as np

from relume.arrays import Pixels
from relume.errors import UnreadableError
from relume.io import pixels as px
from relume.io import tiff_colours, tiff_pages, tiff_planes, vips
from relume.io.codec import Admit, Codec, Encoded, Incoming, Outgoing
from relume.io.metadata import exif, icc, ifd, photoshop
from relume.io.metadata.ifd import Directory, Entry, Layout, MalformedError
from relume.io.pillow import ONE_BIT, PALETTE, to_arrays
from relume.io.tiff_pages import HEIGHT, WIDTH, Page
from relume.photo import Beside

BITS, COMPRESSION, PHOTOMETRIC, STRIPS = 258, 259, 262, 273
ROWS_PER_STRIP, SIZES, PLANES, TILES = 278, 279, 284, 322
EXTRA_SAMPLES, SAMPLE_FORMAT, XMP, IPTC, PHOTOSHOP, ICC = 338, 339, 700, 33723, 34377, 34675
COEFFICIENTS, SUBSAMPLING, REFERENCE = 529, 530, 532

SIGNED, FLOAT, COMPLEX = 2, 3, 6
DEEPEST = 16
RGB, UNCOMPRESSED, JPEG = 2, 1, (6, 7)
SEPARATE = 2
MOST_CHANNELS = 8
COMPRESSIONS = frozenset((1, 2, 3, 4, 5, *JPEG, 8, 32771, 32773, 32946))
"""None, fax, LZW, JPEG, Deflate, PackBits: what every libtiff decodes."""
RARE = {
    34712: "by JPEG 2000",
    34887: "by LERC",
    34925: "by LZMA",
    50000: "by Zstandard",
    50001: "by WebP",
    50002: "by JPEG XL",
    52546: "by JPEG XL",
}
UNSPECIFIED, PREMULTIPLIED, UNASSOCIATED = 0, 1, 2


def decode(data: bytes, admit: Admit) -> Incoming:
    notes: list[str] = []
    page = tiff_pages.chosen(data, notes)
    stated = page.numbers
    admit(page.one(WIDTH, 0), page.one(HEIGHT, 0))
    formats = stated(SAMPLE_FORMAT)
    if FLOAT in formats or COMPLEX in formats:
        raise UnreadableError(
            "floating-point TIFF is not read, its range being unstated; save it as 16-bit integers"
        )
    bits = page.one(BITS, 1)
    if SIGNED in formats or bits > DEEPEST:
        kind = "signed integers" if SIGNED in formats else f"{bits}-bit integers"
        raise UnreadableError(f"TIFF of {kind} is not read; save it as 16-bit unsigned integers")
    photometric = page.one(PHOTOMETRIC, -1)
    if photometric == tiff_colours.PALETTE:
        notes.append(PALETTE)
    elif bits < 8:
        notes.append(ONE_BIT if bits == 1 else f"{bits}-bit picture expanded to 8 bits")
    profile = _bytes(data, page.table.get(ICC))
    pixels, alpha, profile = _pixels(page, photometric, admit, profile, notes)
    return Incoming(
        pixels=pixels,
        alpha=alpha,
        icc=profile,
        exif=_exif(data, page.written, page.table, notes),
        xmp=_bytes(data, page.table.get(XMP)),
        beside=_beside(data, page.table),
        depth=bits,
        pages=tiff_pages.count(data, page.written),
        dpi=exif.resolution(data, page.written, page.table),
        notes=tuple(notes),
    )


def _pixels(
    page: Page, photometric: int, admit: Admit, profile: bytes | None, notes: list[str]
) -> tuple[Pixels, Pixels | None, bytes | None]:
    """Return colour, alpha, and the profile if it still says what they mean."""
    extras = page.numbers(EXTRA_SAMPLES)
    if photometric == tiff_colours.ITULAB:
        raise UnreadableError("TIFF in ITU L*a*b* is not read; save it as RGB")
    if photometric in (tiff_colours.CIELAB, tiff_colours.ICCLAB):
        samples = _samples(page, {PHOTOMETRIC: RGB}, admit)
        if samples.ndim != 3:
            raise UnreadableError("TIFF in L*a*b* without colour is not read; save it as gray")
        rgb = tiff_colours.from_lab(samples[..., :3], 8 if photometric == 8 else 9)
        notes.append("CIE Lab converted to sRGB")
        return *_split(np.dstack([rgb, samples[..., 3:]]), extras, notes), None
    if photometric == tiff_colours.YCBCR and page.one(COMPRESSION, 1) not in JPEG:
        return _from_ycbcr(page, admit), None, profile
    relabelled = {EXTRA_SAMPLES: UNASSOCIATED} if extras[:1] == (PREMULTIPLIED,) else {}
    # Versions of libvips differ in whether they divide by alpha: hide that it is needed.
    samples = _samples(page, relabelled, admit)
    if photometric == tiff_colours.CMYK:
        return _from_cmyk(samples, profile, notes), None, None
    return *_split(samples, extras, notes), profile


def _samples(page: Page, relabelled: dict[int, int], admit: Admit) -> Any:
    """Decode a page with other numbers in some of its tags."""
    data = page.alone()
    if relabelled:
        changed = bytearray(data)
        for tag, number in relabelled.items():
            entry = page.table.get(tag)
            if entry is not None:
                code = "H" if entry.type == ifd.SHORT else "I"
                struct.pack_into(page.written.order + code, changed, entry.value_at, number)
        data = bytes(changed)
    try:
        if page.one(PLANES, 1) == SEPARATE and (
            page.table.get(TILES) is not None or page.one(tiff_planes.SAMPLES, 1) == 2
        ):
            return _stacked(page, admit)
        return vips.array(vips.load(data, "tiffload_source", admit))
    except ValueError as error:
        how = page.one(COMPRESSION, 1)
        if how in COMPRESSIONS:
            raise
        name = RARE.get(how, f"by method {how}")
        raise UnreadableError(
            f"TIFF compressed {name} is not read here; save it with LZW or Deflate"
        ) from error


def _stacked(page: Page, admit: Admit) -> Any:
    """Decode one channel after the other: libvips does not know tiles of one channel each, and
    mixes the rows of strips where there are two."""
    many = page.one(tiff_planes.SAMPLES, 1)
    if not 1 <= many <= MOST_CHANNELS:
        raise ValueError(f"{many} samples per pixel")
    width, height = page.one(WIDTH, 0), page.one(HEIGHT, 0)
    planes: list[Any] = []
    for number in range(many):
        alone = tiff_planes.plane(page.data, page.written, page.table, number=number, of=many)
        planes.append(vips.array(vips.load(alone, "tiffload_source", admit)))
        if planes[-1].shape != (height, width):
            raise ValueError("a plane has another size than the picture")
    return np.stack(planes, axis=-1) if many > 1 else planes[0]


def _from_ycbcr(page: Page, admit: Admit) -> Pixels:
    across, down = page.numbers(SUBSAMPLING)[:2] or (2, 2)
    coefficients, reference = page.ratios(COEFFICIENTS), page.ratios(REFERENCE)
    if (across, down) == (1, 1):
        samples = _samples(page, {PHOTOMETRIC: RGB}, admit)
        return tiff_colours.from_ycbcr(samples, coefficients, reference)
    readable = page.one(COMPRESSION, 1) == UNCOMPRESSED and page.one(PLANES, 1) == 1
    starts, sizes = page.numbers(STRIPS), page.numbers(SIZES)
    if not readable or across not in (1, 2, 4) or down not in (1, 2, 4) or page.one(BITS, 8) != 8:
        raise UnreadableError(
            "TIFF in YCbCr of reduced chroma is read when it is uncompressed or holds JPEG; "
            "save it as RGB"
        )
    height, width = page.one(HEIGHT, 0), page.one(WIDTH, 0)
    rows = min(page.one(ROWS_PER_STRIP, height), height)
    many = page.table.get(STRIPS)
    if many is None or many.count != len(starts) or len(starts) * rows < height:
        starts, sizes = _all(page, STRIPS), _all(page, SIZES)
    strips = [page.data[a : a + n] for a, n in zip(starts, sizes, strict=True)]
    samples = tiff_colours.unpacked(
        strips, height=height, width=width, rows=rows, across=across, down=down
    )
    return tiff_colours.from_ycbcr(samples, coefficients, reference)


def _all(page: Page, tag: int) -> tuple[int, ...]:
    """Return all numbers of a tag, of which there are at most as many as rows."""
    entry = page.table.get(tag)
    if entry is None or entry.type not in (ifd.SHORT, ifd.LONG):
        raise ValueError(f"tag {tag} holds no offsets")
    code = "H" if entry.type == ifd.SHORT else "I"
    return struct.unpack(f"{page.written.order}{entry.count}{code}", ifd.value(page.data, entry))


def _bytes(data: bytes, entry: Entry | None) -> bytes | None:
    try:
        return ifd.value(data, entry) or None if entry is not None else None
    except MalformedError:
        return None


def _beside(data: bytes, table: Directory) -> Beside:
    resources = _bytes(data, table.get(PHOTOSHOP)) or b""
    records = _bytes(data, table.get(IPTC))
    if records is not None and photoshop.iptc(resources) is None:
        resources += photoshop.of_iptc(records)
    return Beside(photoshop=resources or None)


def _exif(data: bytes, written: Layout, first: Directory, notes: list[str]) -> bytes | None:
    try:
        return exif.extract(data, written, first)
    except MalformedError as error:
        notes.append(f"malformed EXIF left out: {error}")
        return None


def _from_cmyk(samples: Any, profile: bytes | None, notes: list[str]) -> Pixels:
    inks = np.ascontiguousarray(samples[..., :4])
    if inks.dtype == np.uint16:
        rgb, note = icc.deep_cmyk_to_srgb(inks, profile)
        notes.append(note)
        return rgb
    from PIL import Image

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


def encode(outgoing: Outgoing) -> Encoded:
    from relume.io import tiff_writer  # what it needs takes time to load

    return tiff_writer.encode(outgoing)


CODEC = Codec(
    name="tiff",
    title="TIFF",
    suffixes=(".tif", ".tiff"),
    recognises=lambda first: first[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"),
    decode=vips.with_own_reason(decode),
    encode=encode,
    bits=16,
    holds=frozenset({"photoshop"}),
)
