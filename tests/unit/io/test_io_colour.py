"""What a file says about its colours, by whichever statement its standard puts first, and that
every format says it again."""

from __future__ import annotations

import struct
import zlib
from dataclasses import replace
from io import BytesIO

import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms

from fake import pictures
from relume.colour_statement import ASSUMED, Colour, known
from relume.colour_statement.icc_writer import gray_profile, profile
from relume.errors import UnreadableError, UnwritableError
from relume.io import encode, read, write
from relume.io.metadata import exif
from relume.photo import Photo

P3 = Colour(known.P3_D65, known.SRGB_CURVE, "test")
ADOBE = Colour(known.ADOBE, known.TRANSFERS[4], "test")
PQ = Colour(known.BT2020, known.PQ, "cICP")
RED = np.full((24, 32, 3), (200, 30, 30), np.uint8)
P3_RED_AS_SRGB = (218, 0, 6)
"""By LittleCMS and by hand: outside of sRGB, clipped."""

EXIF = b"Exif\0\0"
P3_PLACES = struct.pack(">8I", *(31270, 32900, 68000, 32000, 26500, 69000, 15000, 6000))


def dcf(index: bytes, space: int, order: str = "<") -> bytes:
    """An EXIF blob that holds a colour space and an interoperability index alone."""

    def table(at: int, tag: int, kind: int, value: bytes) -> bytes:
        row = struct.pack(order + "HHI", tag, kind, len(value) if kind == 2 else 1)
        return struct.pack(order + "H", 1) + row + value.ljust(4, b"\0") + b"\0" * 4

    head = (b"II" if order == "<" else b"MM") + struct.pack(order + "HI", 42, 8)
    first = table(8, 0x8769, 4, struct.pack(order + "I", 26))
    rows = struct.pack(order + "H", 2)
    rows += struct.pack(order + "HHIH2x", 0xA001, 3, 1, space)
    rows += struct.pack(order + "HHII", 0xA005, 4, 1, 26 + 2 + 24 + 4) + b"\0" * 4
    return head + first + rows + table(0, 1, 2, index + b"\0")


def png(*chunks: tuple[bytes, bytes]) -> bytes:
    data = pictures.saved(RED, "PNG")
    for kind, content in reversed(chunks):
        data = pictures.with_chunk(data, kind, content)
    return data


def iccp(colour: Colour) -> tuple[bytes, bytes]:
    return b"iCCP", b"x\0\0" + zlib.compress(profile(colour))


def with_nclx(data: bytes, primaries: int, transfer: int) -> bytes:
    """Change the numbers that an AVIF states."""
    at = data.index(b"colrnclx") + 8
    return data[:at] + struct.pack(">HH", primaries, transfer) + data[at + 4 :]


def gamma(number: int) -> tuple[bytes, bytes]:
    return b"gAMA", struct.pack(">I", number)


STATEMENTS = [
    # PNG, third edition, section 4.3: cICP, iCCP, sRGB, gAMA and cHRM, in this order
    ("cICP", lambda: png((b"cICP", bytes((12, 13, 0, 1)))), "P3-D65, sRGB", "cICP"),
    (
        "cICP > iCCP",
        lambda: png((b"cICP", bytes((12, 13, 0, 1))), iccp(ADOBE)),
        "P3-D65, sRGB",
        "cICP",
    ),
    ("cICP not known", lambda: png((b"cICP", bytes((99, 13, 0, 1))), iccp(P3)), "P3-D65, sRGB",
     "ICC profile"),
    ("iCCP > gAMA", lambda: png(iccp(P3), gamma(100000)), "P3-D65, sRGB", "ICC profile"),
    ("sRGB > cHRM", lambda: png((b"sRGB", b"\0"), (b"cHRM", P3_PLACES)), "sRGB", "sRGB chunk"),
    ("gAMA and cHRM", lambda: png(gamma(45455), (b"cHRM", P3_PLACES)), "P3-D65, gamma 2.2",
     "cHRM and gAMA"),
    ("gAMA 1", lambda: png(gamma(100000)), "BT.709, linear", "gAMA"),
    ("gAMA of sRGB", lambda: png(gamma(45455)), "sRGB", "gAMA"),
    ("damaged iCCP", lambda: png((b"iCCP", b"x\0\0damaged"), gamma(100000)), "BT.709, linear",
     "gAMA"),
    ("nothing", png, "sRGB", "assumed"),
    # ISO/IEC 14496-12, section 12.1.5
    ("nclx P3", lambda: with_nclx(pictures.saved(RED, "AVIF"), 12, 13), "P3-D65, sRGB", "nclx"),
    ("nclx PQ", lambda: with_nclx(pictures.saved(RED, "AVIF"), 9, 16), "BT.2020, PQ", "nclx"),
    ("nclx none", lambda: with_nclx(pictures.saved(RED, "AVIF"), 2, 2), "sRGB", "assumed"),
    # DCF 2.0 (CIPA DC-009), section 3.2.2
    ("R03", lambda: pictures.saved(RED, "JPEG", exif=EXIF + dcf(b"R03", 0xFFFF)),
     "Adobe RGB (1998), gamma 2.2", "EXIF"),
    ("R03 >", lambda: pictures.saved(RED, "JPEG", exif=EXIF + dcf(b"R03", 0xFFFF, ">")),
     "Adobe RGB (1998), gamma 2.2", "EXIF"),
    ("R98", lambda: pictures.saved(RED, "JPEG", exif=EXIF + dcf(b"R98", 1)), "sRGB", "assumed"),
    ("uncalibrated", lambda: pictures.saved(RED, "JPEG", exif=EXIF + dcf(b"R98", 0xFFFF)), "sRGB",
     "assumed"),
    ("profile > R03", lambda: pictures.saved(RED, "JPEG", exif=EXIF + dcf(b"R03", 0xFFFF),
                                             icc_profile=profile(P3)),
     "P3-D65, sRGB", "ICC profile"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("make", "name", "by"), [row[1:] for row in STATEMENTS], ids=[row[0] for row in STATEMENTS]
)
def test_the_first_statement_counts(make, name, by):
    colour = read(make()).colour
    assert (colour.name, colour.by) == (name, by)


def test_light_beyond_white_in_narrow_range_is_refused():
    """PNG, third edition, section 11.3.2.6: the last number is 0 for narrow range."""
    with pytest.raises(UnreadableError, match=r"BT\.2020, PQ in narrow range is not read"):
        read(png((b"cICP", bytes((9, 16, 0, 0)))))


def shown(data: bytes) -> np.ndarray:
    """A file as a reader that knows profiles alone shows it, in sRGB."""
    picture = Image.open(BytesIO(data))
    found = picture.info.get("icc_profile")
    picture = picture.convert("RGB")
    if found:
        theirs = ImageCms.ImageCmsProfile(BytesIO(found))
        picture = ImageCms.profileToProfile(picture, theirs, ImageCms.createProfile("sRGB"))
    return np.asarray(picture)[5, 5].astype(int)


@pytest.mark.parametrize("metadata", ["keep", "strip"])
@pytest.mark.parametrize("name", ["jpeg", "png", "webp", "tiff", "avif", "bmp"])
@pytest.mark.parametrize(
    "stated", [P3, replace(P3, by="nclx"), replace(ADOBE, by="EXIF")], ids=["test", "nclx", "EXIF"]
)
def test_every_format_says_it_again(stated, name, metadata):
    photo = Photo(RED, stated=stated, exif=dcf(b"R03", 0xFFFF) if stated.by == "EXIF" else None)
    expected = P3_RED_AS_SRGB if stated.primaries is known.P3_D65 else (231, 27, 27)
    data = encode(photo, format=name, quality=100, metadata=metadata)
    assert np.abs(shown(data) - expected).max() <= 4


@pytest.mark.parametrize("name", ["jpeg", "webp", "tiff", "bmp"])
def test_hdr_is_kept_or_refused(name):
    with pytest.raises(UnwritableError, match=r"PQ is HDR, which .* write \.png, \.avif or \.jxl"):
        encode(Photo(RED, stated=PQ), format=name)


def test_hdr_stays_in_png():
    again = read(encode(Photo(RED, stated=PQ), format="png"))
    assert np.array_equal(again.pixels, RED)
    assert (again.colour.name, again.colour.by) == ("BT.2020, PQ", "cICP")


GRAY = RED[..., 0]


@pytest.mark.parametrize("name", ["jpeg", "png", "tiff", "webp", "avif"])
@pytest.mark.parametrize("given", [profile(P3), gray_profile(P3), profile(ADOBE)])
def test_gray_and_profile_go_together(given, name):
    """ICC.1:2022, section 8: a profile describes as many channels as there are samples."""
    data = encode(Photo(GRAY, icc=given), format=name)
    picture = Image.open(BytesIO(data))
    found = picture.info.get("icc_profile")
    channels = len(picture.getbands())
    if name != "avif":  # Pillow shows every AVIF as RGB
        assert found[16:20] == (b"GRAY" if channels == 1 else b"RGB ")
    assert read(data).colour.transfer.near(Photo(RED, icc=given).colour.transfer)


def test_a_gray_jpeg_with_a_profile_of_rgb_becomes_a_png_without_a_warning():
    data = pictures.saved(GRAY, "JPEG", icc_profile=profile(ADOBE))
    photo = read(data)
    assert photo.icc[16:20] == b"GRAY"
    assert photo.colour.transfer.name == "gamma 2.2"


@pytest.mark.parametrize(
    ("background", "expected"), [((255, 255, 255), 255), ((0, 0, 0), 0), ((10, 200, 60), None)]
)
@pytest.mark.parametrize("name", ["jpeg", "bmp"])
@pytest.mark.parametrize("gray", [True, False])
def test_transparency_is_laid_on_the_background(gray, name, background, expected):
    alpha = np.zeros((24, 32), np.uint8)
    alpha[:, 16:] = 255
    stream = BytesIO()
    notes = write(
        Photo(GRAY if gray else RED, alpha=alpha), stream, format=name, background=background
    )
    found = np.asarray(Image.open(stream).convert("RGB")).astype(int)
    assert np.abs(found[:, 4] - (background if expected is None else expected)).max() <= 6
    assert np.abs(found[:, 28] - (200 if gray else RED[0, 0])).max() <= 6
    assert any("transparency laid on #" in note for note in notes)


def lab(kind: int, bits: int, lightness: float, a: float, b: float) -> np.ndarray:
    """TIFF 6.0, section 23, and the technical note for ICCLab."""
    unit = 1 if bits == 8 else 256
    if kind == 8:
        stored = np.array([lightness / 100 * (2**bits - 1), a * unit, b * unit])
        stored = np.rint(stored).astype(np.int64) % 2**bits
    else:
        stored = np.rint([lightness / 100 * 255 * unit, (a + 128) * unit, (b + 128) * unit])
    return np.full((16, 16, 3), stored, np.uint8 if bits == 8 else np.uint16)


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("kind", [8, 9])
@pytest.mark.parametrize(
    ("place", "rgb"),
    [((50.0, 0.0, 0.0), (119, 119, 119)), ((42.0, 60.0, 43.0), (189, 33, 32))],
    ids=["gray", "red"],
)
def test_lab(place, rgb, kind, bits):
    stream = BytesIO()
    tifffile.imwrite(stream, lab(kind, bits, *place), photometric="cielab")
    data = stream.getvalue().replace(struct.pack("<HHIH", 262, 3, 1, 8),
                                     struct.pack("<HHIH", 262, 3, 1, kind))  # fmt: skip
    stored = [Image.new("L", (1, 1), round(n)) for n in
              (place[0] * 2.55, place[1] + 128, place[2] + 128)]  # fmt: skip
    theirs = ImageCms.profileToProfile(
        Image.merge("LAB", stored), ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB"),
        renderingIntent=1, outputMode="RGB",
    )  # fmt: skip
    photo = read(data)
    assert photo.bits == bits
    assert photo.pixels[4, 4] / (1 if bits == 8 else 257) == pytest.approx(rgb, abs=4)
    assert rgb == pytest.approx(theirs.getpixel((0, 0)), abs=4)  # LittleCMS, from 8 bits


@pytest.mark.parametrize("sampling", [(1, 1), (2, 1), (2, 2), (4, 1)])
def test_ycbcr(sampling):
    """TIFF 6.0, section 21: data units of Y, then Cb and Cr; the whole range by ReferenceBlackWhite
    as JFIF has it."""
    across, down = sampling
    height, width = 21, 30
    y, cb, cr = (round(one) for one in (80.83, 99.31, 213.0))
    units = -(-height // down) * -(-width // across)
    data = bytes([y] * (across * down) + [cb, cr]) * units
    stream = BytesIO()
    tags = [(530, 3, 2, sampling, True),
            (532, 5, 6, (0, 1, 255, 1, 128, 1, 255, 1, 128, 1, 255, 1), True)]  # fmt: skip
    plain = np.zeros((height, width, 3), np.uint8)
    tifffile.imwrite(stream, plain, photometric="rgb", extratags=tags, rowsperstrip=height)
    with tifffile.TiffFile(BytesIO(stream.getvalue())) as file:
        at = file.pages[0].dataoffsets[0]
    made = bytearray(stream.getvalue())
    if len(data) > height * width * 3:
        pytest.skip("no room")
    made[at : at + len(data)] = data
    made = made.replace(struct.pack("<HHIH", 262, 3, 1, 2), struct.pack("<HHIH", 262, 3, 1, 6))
    assert read(bytes(made)).pixels[10, 10] == pytest.approx((200, 30, 30), abs=1)


@pytest.mark.parametrize("place", ["page", "only"])
def test_a_thumbnail_on_the_first_page_is_passed_over(place):
    """TIFF 6.0, section 8: bit 0 of NewSubfileType."""
    stream = BytesIO()
    with tifffile.TiffWriter(stream) as file:
        file.write(RED[:8, :8], subfiletype=1, photometric="rgb")
        if place != "only":
            file.write(RED, subfiletype=0, photometric="rgb")
    photo = read(stream.getvalue())
    assert photo.pixels.shape == (RED.shape if place != "only" else (8, 8, 3))


def test_srgb_without_a_statement_stays_silent():
    for name in ("jpeg", "png", "webp", "tiff", "avif"):
        again = read(encode(Photo(RED), format=name))
        assert again.icc is None
        assert again.colour.is_srgb
    assert Photo(RED).colour is ASSUMED


def test_exif_says_what_the_pixels_are():
    blob = read(
        encode(Photo(RED, icc=profile(ASSUMED), exif=dcf(b"R03", 0xFFFF)), format="jpeg")
    ).exif
    assert exif.colour(blob) is None
