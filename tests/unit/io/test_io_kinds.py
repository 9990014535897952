"""Every kind of picture is read as what it is, whatever its name says."""

from __future__ import annotations

import io
import struct
import subprocess
import sys
import zlib

import numpy as np
import pytest
import tifffile
from PIL import Image

from fake import pictures
from relume.errors import UnreadableError
from relume.io import SUFFIXES, format_of, read, sniff
from shared import need_shared


@pytest.mark.parametrize("kind", pictures.KINDS)
def test_every_kind_reads(kind):
    data = pictures.KINDS[kind]()
    photo = read(data)
    assert photo.format == sniff(data[:64]) == kind.split()[0]
    assert {photo.width, photo.height} == {20, 31}
    assert photo.bits == (16 if "16 bit" in kind else 8)
    assert photo.pixels.flags.c_contiguous
    assert photo.pixels.flags.writeable
    assert (photo.alpha is not None) == ("alpha" in kind or kind == "webp lossless")


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("jpeg cmyk", "CMYK"),
        ("tiff cmyk", "CMYK"),
        ("png palette", "palette"),
        ("tiff palette", "palette"),
        ("png 1 bit", "1-bit"),
        ("tiff 1 bit", "1-bit"),
        ("png animated", "first frame"),
        ("webp animated", "first frame"),
    ],
)
def test_what_changed_is_noted(kind, said):
    (note,) = read(pictures.KINDS[kind]()).notes
    assert said in note


@pytest.mark.parametrize("kind", ["png", "tiff", "bmp", "png palette", "tiff palette", "tiff lzw"])
def test_lossless_kinds_agree_with_pillow(kind):
    data = pictures.KINDS[kind]()
    theirs = Image.open(io.BytesIO(data))
    ours = read(data)
    stored = ours.pixels if ours.height == theirs.height else np.rot90(ours.pixels)
    assert np.array_equal(stored, np.asarray(theirs.convert("RGB")))


@pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
def test_cmyk_goes_through_its_profile(kind):
    import pyvips

    inks = Image.fromarray(pictures.smooth(16, 24)).convert("CMYK")
    profile = pictures.cmyk_profile()
    options = {"quality": 100} if kind == "JPEG" else {}
    photo = read(pictures.saved(inks, kind, icc_profile=profile, **options))
    assert photo.icc is None
    assert photo.notes == ("CMYK converted to sRGB through its profile",)
    reference = pyvips.Image.new_from_memory(np.asarray(inks).tobytes(), 24, 16, 4, "uchar")
    reference = reference.copy(interpretation="cmyk").icc_transform(
        "srgb", input_profile="cmyk", intent="perceptual"
    )
    # Two colour engines, and JPEG at 100 in one of the cases.
    assert np.abs(photo.pixels.astype(int) - reference.numpy()).mean() < 4


@pytest.mark.parametrize("kind", ["gray alpha", "rgb", "rgb alpha"])
@pytest.mark.parametrize("big", [True, False], ids=["big", "classic"])
@pytest.mark.parametrize("compression", [None, "lzw", "deflate"], ids=["bare", "lzw", "deflate"])
@pytest.mark.parametrize("parts", ["tiles", "one tile", "strips"])
def test_channels_one_behind_the_other(parts, compression, big, kind):
    """TIFF 6.0, section 15 and page 38: PlanarConfiguration 2."""
    whole = pictures.pixels(40, 52, channels=4, bits=16)
    whole = {"gray alpha": whole[..., 2:], "rgb": whole[..., :3], "rgb alpha": whole}[kind]
    tile = {"tiles": (16, 32), "one tile": (48, 64), "strips": None}[parts]
    data = pictures.tiff(
        np.moveaxis(whole, 2, 0),
        photometric="rgb" if "rgb" in kind else "minisblack",
        planarconfig="separate",
        extrasamples=["unassalpha"] if "alpha" in kind else None,
        bigtiff=big,
        byteorder=">" if big else "<",
        compression=compression,
        predictor=compression is not None,
        **({"tile": tile} if tile else {"rowsperstrip": 7}),
    )
    photo = read(data)
    colours = whole[..., 0] if kind == "gray alpha" else whole[..., :3]
    assert np.array_equal(photo.pixels, colours)
    assert photo.alpha is None if kind == "rgb" else np.array_equal(photo.alpha, whole[..., -1])


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"compression": 50000}, "compressed by Zstandard is not read here"),
        ({"compression": 34934}, "compressed by method 34934 is not read here"),
        ({"dtype": np.int16}, "of signed integers is not read"),
        ({"dtype": np.uint32}, "of 32-bit integers is not read"),
        ({"dtype": np.float32}, "floating-point TIFF is not read"),
    ],
    ids=["zstd", "another", "signed", "32 bits", "float"],
)
def test_tiff_that_is_not_read_says_why(options, reason):
    data = pictures.tiff(np.ones((8, 8), options.get("dtype", np.uint8)), photometric="minisblack")
    if "compression" in options:  # what it says is what counts
        tag = b"\x03\x01\x03\0\1\0\0\0"
        at = data.index(tag) + len(tag)
        data = data[:at] + options["compression"].to_bytes(2, "little") + data[at + 2 :]
    with pytest.raises(UnreadableError, match=reason):
        read(data)


@pytest.mark.parametrize("profile", [pictures.cmyk_profile(), b""], ids=["profile", "bare"])
def test_sixteen_bits_of_inks_become_sixteen_of_rgb(profile):
    inks = np.array(Image.fromarray(pictures.smooth(16, 24)).convert("CMYK")).astype(np.uint16)
    inks = inks * 257 + 100
    options = {"iccprofile": profile} if profile else {}
    deep = read(pictures.tiff(inks, photometric="separated", **options))
    shallow = read(
        pictures.tiff((inks // 257).astype(np.uint8), photometric="separated", **options)
    )
    assert (deep.bits, deep.notes) == (16, shallow.notes)
    # Two colour engines, as above.
    assert np.abs(deep.pixels / 257 - shallow.pixels).mean() < (4 if profile else 1.5)
    assert len(np.unique(deep.pixels % 257)) > 20


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_sixteen_bit_files_of_others(channels):
    image = pictures.pixels(20, 31, channels=channels, bits=16)
    colour = image if channels == 1 else image[..., :3]
    png = read(pictures.png16(image))
    assert np.array_equal(png.pixels, colour)
    photometric = "minisblack" if channels == 1 else "rgb"
    extras = ["unassalpha"] if channels == 4 else None
    for order in "<>":
        data = pictures.tiff(image, photometric=photometric, extrasamples=extras, byteorder=order)
        photo = read(data)
        assert np.array_equal(photo.pixels, colour)
        assert (photo.alpha is not None) == (channels == 4)
        if photo.alpha is not None:
            assert np.array_equal(photo.alpha, image[..., 3])


def test_premultiplied_tiff_is_divided():
    alpha = np.full((5, 6), 100, np.uint8)
    colour = pictures.smooth(5, 6) // 4
    image = np.dstack([colour, alpha])
    photo = read(pictures.tiff(image, photometric="rgb", extrasamples=["assocalpha"]))
    assert np.abs(photo.pixels - (colour * 2.55).clip(0, 255)).max() < 0.51
    deep = pictures.tiff(image.astype(np.uint16), photometric="rgb", extrasamples=["assocalpha"])
    assert np.abs(read(deep).pixels - (colour * 655.35).clip(0, 65535)).max() < 0.51


def test_first_page_of_many():
    pages = [Image.fromarray(pictures.smooth(8, 9)), Image.fromarray(255 - pictures.smooth(8, 9))]
    data = pictures.saved(pages[0], "TIFF", save_all=True, append_images=pages[1:])
    photo = read(data)
    assert np.array_equal(photo.pixels, pictures.smooth(8, 9))
    assert photo.notes == ("only the first page was read",)


@pytest.mark.parametrize(
    ("side", "inside", "notes"),
    [
        (160, False, ()),
        (160, True, ()),
        (600, False, ("smaller versions of the picture were not read",)),
        (600, True, ("smaller versions of the picture were not read",)),
    ],
)
def test_a_thumbnail_is_not_missed(side, inside, notes):
    buffer, picture = io.BytesIO(), pictures.smooth(20, 1200)
    with tifffile.TiffWriter(buffer) as writer:
        writer.write(picture, photometric="rgb", metadata=None, subifds=int(inside))
        small = pictures.smooth(9, side)
        writer.write(small, photometric="rgb", metadata=None, subfiletype=1)
    photo = read(buffer.getvalue())
    assert np.array_equal(photo.pixels, picture)
    assert photo.notes == notes


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("big", [False, True])
def test_a_thumbnail_as_exif_has_them_is_no_page(dtype, big):
    # GIMP writes it so: a directory with a JPEG and without strips.
    picture = pictures.smooth(20, 30).astype(dtype)
    small = pictures.saved(pictures.smooth(9, 16), "JPEG")
    names = [(513, "I", 1, 0, False), (514, "I", 1, len(small), False)]
    buffer = io.BytesIO()
    with tifffile.TiffWriter(buffer, bigtiff=big) as writer:
        writer.write(picture, photometric="rgb", metadata=None)
        writer.write(
            pictures.smooth(9, 16), photometric="rgb", metadata=None, subfiletype=1, extratags=names
        )
    data = bytearray(buffer.getvalue())
    with tifffile.TiffFile(io.BytesIO(data)) as tiff:
        tags = tiff.pages[1].tags
        for tag, other in ((273, 65001), (279, 65002)):
            struct.pack_into("<H", data, tags[tag].offset, other)
        struct.pack_into("<I", data, tags[513].valueoffset, len(data))
    photo = read(bytes(data) + small)
    assert np.array_equal(photo.pixels, picture)
    assert photo.notes == ()


def test_a_page_after_a_thumbnail_is_told():
    buffer, picture = io.BytesIO(), pictures.smooth(20, 30)
    with tifffile.TiffWriter(buffer) as writer:
        writer.write(picture, photometric="rgb", metadata=None)
        writer.write(pictures.smooth(5, 8), photometric="rgb", metadata=None, subfiletype=1)
        writer.write(255 - picture, photometric="rgb", metadata=None)
    assert read(buffer.getvalue()).notes == ("only the first page was read",)


def test_a_place_on_a_map_is_told_and_a_name_of_the_page_kept():
    names = [(34735, "H", 4, (1, 1, 0, 0), True), (285, "s", 0, "Background", True)]
    photo = read(pictures.tiff(pictures.smooth(8, 9), photometric="rgb", extratags=names))
    assert photo.notes == ("the place on a map was not read",)
    assert b"Background" in (photo.exif or b"")


@pytest.mark.parametrize("dtype", [np.float32, np.float16])
def test_float_tiff_is_refused_with_the_way_out(dtype):
    with pytest.raises(UnreadableError, match="16-bit integers"):
        read(pictures.tiff(np.zeros((4, 5), dtype)))


def test_twelve_bit_jpeg_is_refused():
    data = pictures.saved(pictures.smooth(8, 8), "JPEG")
    with pytest.raises(UnreadableError, match="JPEG"):
        read(data.replace(b"\xff\xc0\0\x11\x08", b"\xff\xc0\0\x11\x0c"))


def test_suffix_does_not_matter(tmp_path):
    wrong = tmp_path / "picture.png"
    wrong.write_bytes(pictures.KINDS["jpeg"]())
    assert read(wrong).format == "jpeg"


def test_sources():
    data = pictures.KINDS["png"]()
    for source in (data, bytearray(data), memoryview(data), io.BytesIO(data)):
        assert read(source).format == "png"


def test_packet_compressed_and_behind_the_pixels():
    plain = pictures.saved(pictures.smooth(8, 8), "PNG")
    content = b"XML:com.adobe.xmp\0\1\0en\0key\0" + zlib.compress(pictures.xmp(1))
    end = plain.index(b"IEND") - 4
    data = plain[:end] + pictures.chunk(b"iTXt", content) + plain[end:]
    assert read(data).xmp == pictures.xmp(1)


def test_suffixes():
    assert format_of("a/b.JPG") == "jpeg"
    assert SUFFIXES[".tif"] == "tiff"
    assert sniff(b"") is None
    assert sniff(b"BM is a text") is None


@pytest.mark.parametrize(
    ("name", "bits", "alpha"),
    [
        ("RGBA_8__128x128.heif", 8, True),
        ("RGB_10__128x128.heif", 16, False),
        ("cheers_1440x960.heic", 8, False),
    ],
)
def test_heic(name, bits, alpha):
    pytest.importorskip("pi_heif", reason="needs the extra heic")
    photo = read(need_shared("data", "misc", "heic", name))
    assert (photo.format, photo.bits) == ("heic", bits)
    assert (photo.alpha is not None) == alpha
    if bits == 16:
        assert len(np.unique(photo.pixels)) > 256
    if "1440x960" in name:
        assert (photo.width, photo.height) == (1440, 960)


def test_import_is_cheap():
    code = "import sys, relume.io; print('PIL' in sys.modules or 'numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
