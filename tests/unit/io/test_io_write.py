"""A file appears whole or not at all, in the format that was asked for."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fake import pictures
from relume.errors import ContractError, UnwritableError
from relume.io import encode, read, sniff, write
from relume.io.atomic import replacing
from relume.photo import Photo

PHOTO = Photo(pictures.smooth(20, 31), format="jpeg")


@pytest.mark.parametrize("name", ["a.jpg", "a.JPEG", "a.png", "a.webp", "a.tif", "a.bmp", "a.avif"])
def test_suffix_names_the_format(tmp_path, name):
    path = tmp_path / name
    assert write(PHOTO, path) == ()
    assert {"JPG": "jpeg", "TIF": "tiff"}.get(path.suffix[1:].upper(), path.suffix[1:].lower()) == (
        sniff(path.read_bytes())
    )
    assert [left.name for left in tmp_path.iterdir()] == [name]


def test_format_is_the_photos_where_no_suffix_is(tmp_path):
    write(PHOTO, tmp_path / "bare")
    assert sniff((tmp_path / "bare").read_bytes()) == "jpeg"
    stream = io.BytesIO()
    write(PHOTO, stream)
    assert sniff(stream.getvalue()) == "jpeg"
    write(PHOTO, tmp_path / "a.jpg", format="png")
    assert sniff((tmp_path / "a.jpg").read_bytes()) == "png"


def test_format_must_be_known(tmp_path):
    with pytest.raises(UnwritableError, match=r"'\.gif'.*\.png"):
        write(PHOTO, tmp_path / "a.gif")
    with pytest.raises(UnwritableError, match="format="):
        encode(replace(PHOTO, format=None))
    with pytest.raises(UnwritableError, match=r"\.avif or \.jpg"):
        write(PHOTO, tmp_path / "a.heic")


def test_contracts():
    with pytest.raises(ContractError, match="quality"):
        encode(PHOTO, quality=0)
    with pytest.raises(ContractError, match="srgb"):
        encode(replace(PHOTO, encoding="linear"))


def test_place_must_allow_it(tmp_path):
    with pytest.raises(UnwritableError, match="directory"):
        write(PHOTO, tmp_path, format="png")
    with pytest.raises(UnwritableError, match="no such file or directory"):
        write(PHOTO, tmp_path / "absent" / "a.png")


@pytest.mark.parametrize("failure", [KeyboardInterrupt, RuntimeError, OSError])
@pytest.mark.parametrize("existing", [True, False])
def test_nothing_is_left_of_a_failure(tmp_path, failure, existing):
    target = tmp_path / "a.jpg"
    if existing:
        target.write_bytes(b"before")
    expected = UnwritableError if failure is OSError else failure

    def interrupted() -> None:
        with replacing(target) as stream:
            stream.write(b"half of ")
            raise failure

    with pytest.raises(expected):
        interrupted()
    assert [left.name for left in tmp_path.iterdir()] == (["a.jpg"] if existing else [])
    assert not existing or target.read_bytes() == b"before"


def test_existing_file_keeps_its_mode_and_its_link(tmp_path):
    target, link = tmp_path / "a.png", tmp_path / "link.png"
    target.write_bytes(b"before")
    target.chmod(0o640)
    link.symlink_to(target)
    write(PHOTO, link)
    assert link.is_symlink()
    assert target.stat().st_mode & 0o777 == 0o640
    assert sniff(target.read_bytes()) == "png"


@pytest.mark.skipif(not Path("/dev/null").exists(), reason="no devices here")
def test_device_is_written_to_not_replaced():
    write(PHOTO, "/dev/null", format="png")
    assert not Path("/dev/null").is_file()


def test_longest_name(tmp_path):
    target = tmp_path / ("n" * 251 + ".png")
    write(PHOTO, target)
    assert target.exists()


@pytest.mark.parametrize("name", ["jpeg", "bmp"])
def test_transparency_left_out_is_said(name):
    clear = replace(PHOTO, alpha=np.full((20, 31), 9, np.uint8))
    (note,) = write(clear, io.BytesIO(), format=name)
    assert "transparency" in note
    opaque = replace(PHOTO, alpha=np.full((20, 31), 255, np.uint8))
    assert write(opaque, io.BytesIO(), format=name) == ()


def test_bmp_says_what_it_cannot_hold():
    full = replace(PHOTO, exif=pictures.exif(), xmp=pictures.xmp(), icc=pictures.srgb_profile())
    notes = write(full, io.BytesIO(), format="bmp")
    assert [note.split(" left out")[0] for note in notes] == ["EXIF and XMP", "ICC profile"]


def test_too_long_for_webp():
    with pytest.raises(UnwritableError, match="16383"):
        encode(Photo(np.zeros((1, 17000, 3), np.uint8)), format="webp")


def test_too_long_for_jpeg():
    with pytest.raises(UnwritableError, match="JPEG"):
        encode(Photo(np.zeros((1, 70000, 3), np.uint8)), format="jpeg")


def test_views_are_written_as_they_look():
    view = pictures.smooth(20, 31)[::-1, ::2]
    for name in ("png", "tiff", "bmp"):
        assert np.array_equal(read(encode(Photo(view), format=name)).pixels, view)
    near = read(encode(Photo(view), format="jpeg", quality=100)).pixels.astype(int)
    assert np.abs(near - view).mean() < 3
