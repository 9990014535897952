"""Orientation is applied once; profile, EXIF and XMP come through as they were."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image, ImageOps

from fake import pictures
from relume.io import encode, read, write
from relume.io.formats.jpeg import estimated_quality
from relume.io.metadata import exif
from relume.photo import Photo
from shared import need_shared

WITH_METADATA = ["jpeg", "png", "webp", "tiff", "avif"]


def reopened(data: bytes) -> Image.Image:
    return Image.open(BytesIO(data))


def sample(**changes: object) -> Photo:
    known: dict[str, object] = {
        "pixels": pictures.smooth(20, 31),
        "icc": pictures.srgb_profile(),
        "exif": pictures.exif(),
        "xmp": pictures.xmp(),
        "dpi": (300.0, 240.0),
        "subsampling": "4:4:4",
    }
    return Photo(**(known | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
def test_orientation_is_applied_once(kind, orientation):
    stored = pictures.smooth(20, 31)
    about = Image.Exif()
    about[0x0112] = orientation
    options = {"lossless": True} if kind == "WEBP" else {"quality": 95}
    data = pictures.saved(stored, kind, exif=about, **options)
    expected = np.asarray(ImageOps.exif_transpose(reopened(data)).convert("RGB")).astype(int)
    photo = read(data)
    assert photo.pixels.shape == expected.shape
    # Decoders differ by a rounding of chroma; another orientation differs by tens.
    assert np.abs(photo.pixels.astype(int) - expected).mean() < 2
    assert photo.pixels.flags.c_contiguous
    assert photo.exif is None or exif.orientation(photo.exif) in (None, 1)
    again = read(encode(photo, format="png"))
    assert np.array_equal(again.pixels, photo.pixels)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_alpha_and_size_tags_turn_with_the_picture(orientation):
    rgba = np.dstack([pictures.smooth(20, 31), pictures.smooth(20, 31, channels=1)])
    photo = read(pictures.saved(rgba, "PNG", exif=pictures.exif(orientation)))
    assert photo.alpha is not None
    assert np.array_equal(photo.alpha, photo.pixels[..., 0])
    about = Image.Exif()
    about.load(photo.exif)
    camera = about.get_ifd(0x8769)
    assert (camera[0xA002], camera[0xA003]) == (photo.width, photo.height)


@pytest.mark.parametrize(
    ("stem", "orientation"), [(s, o) for s in ("Landscape", "Portrait") for o in (1, 3, 6, 8)]
)
def test_orientation_of_real_files(stem, orientation):
    path = need_shared("data", "misc", "orientation", f"{stem}_{orientation}.jpg")
    expected = np.asarray(ImageOps.exif_transpose(Image.open(path)).convert("RGB")).astype(int)
    assert np.abs(read(path).pixels.astype(int) - expected).mean() < 1


def test_xmp_does_not_turn_the_picture_again():
    data = pictures.saved(
        pictures.smooth(20, 31), "JPEG", exif=b"Exif\0\0" + pictures.exif(6), xmp=pictures.xmp(6)
    )
    photo = read(data)
    assert photo.pixels.shape == (31, 20, 3)
    assert photo.xmp == pictures.xmp(1)
    assert read(encode(photo)).pixels.shape == (31, 20, 3)


def test_xmp_turns_the_picture_where_exif_is_silent():
    data = pictures.saved(pictures.smooth(20, 31), "WEBP", xmp=pictures.xmp(8))
    assert read(data).pixels.shape == (31, 20, 3)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("name", WITH_METADATA)
def test_metadata_survives(name, order):
    blob = pictures.exif(order=order)
    before = sample(exif=blob)
    data = encode(before, format=name, software="relume 1.2")
    theirs = reopened(data)
    about = theirs.getexif()
    assert about[0x010F] == "Dark Optics"
    assert about[0x0131] == "relume 1.2"
    assert about.get_ifd(0x8769)[0x927C] == pictures.MAKER_NOTE
    assert about.get_ifd(0x8769)[0x829A] == pytest.approx(1 / 15)
    assert about.get_ifd(0x8825) == {1: "N", 2: (52.0, 31.0, 12.0)}
    assert theirs.info["icc_profile"] == before.icc
    after = read(data)
    assert after.icc == before.icc
    assert after.xmp == before.xmp
    assert after.dpi == pytest.approx((300, 240), rel=1e-3)
    assert after.notes == ()


@pytest.mark.parametrize("name", WITH_METADATA)
def test_maker_note_stays_at_its_offset(name):
    before = sample()
    at = before.exif.index(pictures.MAKER_NOTE)
    # Longer than the camera's own, so that the first directory must be written anew.
    data = encode(before, format=name, software="relume " * 20)
    if name == "tiff":
        assert data.index(pictures.MAKER_NOTE) == at
    else:
        assert read(data).exif.index(pictures.MAKER_NOTE) == at


def test_thumbnail_is_dropped():
    photo = read(pictures.saved(pictures.smooth(20, 31), "PNG", exif=pictures.exif()))
    assert pictures.THUMBNAIL not in photo.exif
    about = Image.Exif()
    about.load(photo.exif)
    assert about.get_ifd(ExifTags.IFD.IFD1) == {}
    assert about[0x010F] == "Dark Optics"


@pytest.mark.parametrize("name", WITH_METADATA)
def test_strip_leaves_the_profile_and_the_software(name):
    data = encode(sample(), format=name, metadata="strip", software="relume 1.2")
    about = reopened(data).getexif()
    assert set(about) & {0x010F, 0x8769, 0x8825} == set()
    assert about[0x0131] == "relume 1.2"
    assert b"Dark Optics" not in data
    assert pictures.MAKER_NOTE not in data
    after = read(data)
    assert after.icc == pictures.srgb_profile()
    assert after.xmp is None
    assert after.dpi is None
    bare = read(encode(sample(), format=name, metadata="strip"))
    assert bare.exif is None


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF"])
@pytest.mark.parametrize("blob", [b"II*\0\xff\xff\xff\xff", b"MM", b"junk" * 9])
def test_malformed_exif_is_a_note(kind, blob):
    good = exif.without_orientation(pictures.exif())  # or Pillow would write it anew for AVIF
    prefix = b"Exif\0\0" if kind == "JPEG" else b""
    data = pictures.saved(pictures.smooth(20, 31), kind, exif=prefix + good)
    assert good in data
    photo = read(data.replace(good, blob.ljust(len(good), b"\0")))
    assert photo.pixels.shape == (20, 31, 3)
    assert photo.exif is None
    assert any("malformed EXIF" in note for note in photo.notes)


@settings(max_examples=300, deadline=None)
@given(
    blob=st.one_of(
        st.binary(max_size=80).map(lambda tail: b"II*\0" + tail),
        st.tuples(st.integers(0, 300), st.binary(min_size=1, max_size=4)).map(
            lambda spot: (
                pictures.exif()[: spot[0]] + spot[1] + pictures.exif()[spot[0] + len(spot[1]) :]
            )
        ),
    )
)
def test_any_exif_is_read_and_written(blob):
    before = Photo(pictures.smooth(4, 6), exif=blob)
    for name in ("png", "tiff", "jpeg"):
        after = read(encode(before, format=name, software="relume"))
        assert after.pixels.shape[2] == 3


def test_exif_too_long_for_jpeg_loses_the_maker_note_first():
    before = sample(exif=pictures.exif(note=b"n" * 70000))
    stream = BytesIO()
    notes = write(before, stream, format="jpeg", software="relume")
    assert any("maker note" in note for note in notes)
    about = reopened(stream.getvalue()).getexif()
    assert about[0x0131] == "relume"
    assert about.get_ifd(0x8825)[1] == "N"
    assert 0x927C not in about.get_ifd(0x8769)
    assert read(encode(before, format="png")).exif.count(b"n" * 70000) == 1


def test_xmp_too_long_for_jpeg_is_a_note():
    stream = BytesIO()
    notes = write(sample(xmp=b"x" * 70000), stream, format="jpeg")
    assert notes == ("XMP left out: it is too long for JPEG",)
    assert read(stream.getvalue()).xmp is None


def test_long_profile_is_split_in_jpeg():
    profile = pictures.srgb_profile().ljust(200_000, b"\1")
    data = encode(sample(icc=profile), format="jpeg")
    assert reopened(data).info["icc_profile"] == profile
    assert read(data).icc == profile


def test_profile_of_another_kind_is_left_out():
    data = pictures.saved(pictures.smooth(8, 8), "PNG", icc_profile=pictures.cmyk_profile())
    photo = read(data)
    assert photo.icc is None
    assert photo.notes == ("ICC profile left out: it is for CMYK",)
    assert read(pictures.saved(pictures.smooth(8, 8), "JPEG", icc_profile=b"no")).notes == (
        "ICC profile left out: malformed",
    )


@pytest.mark.parametrize("quality", [1, 10, 50, 75, 88, 95, 99, 100])
@pytest.mark.parametrize("sampling", ["4:4:4", "4:2:2", "4:2:0"])
def test_quality_and_subsampling_of_a_jpeg_are_kept(quality, sampling):
    data = pictures.saved(pictures.smooth(40, 40), "JPEG", quality=quality, subsampling=sampling)
    photo = read(data)
    assert photo.quality == pytest.approx(quality, abs=1)
    assert photo.subsampling == sampling
    again = read(encode(photo))
    assert (again.quality, again.subsampling) == (photo.quality, sampling)


def test_estimated_quality_of_a_foreign_table_is_sensible():
    assert estimated_quality((1,) * 64) == 100
    assert 70 <= estimated_quality((8,) * 64) <= 95
