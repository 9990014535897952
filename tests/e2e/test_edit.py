"""`relume edit`: what external editors call, and what it never does to their file."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, TiffImagePlugin

from e2e.command import Call, mean, put_photo
from fake.night import night
from relume import Photo, io

pytestmark = pytest.mark.usefixtures("folder")


def put_tiff(path: str = "copy.tif") -> Photo:
    """Write a dark 16-bit TIFF with a profile and EXIF, as an editor hands it over."""
    from relume.io.metadata import icc

    pixels = np.rint(night(40, 56) * 65535).astype(np.uint16)
    photo = Photo(pixels, icc=icc.srgb(), format="tiff")
    io.write(photo, path)
    return photo


def test_writes_beside_and_keeps_the_input(relume: Call) -> None:
    before = put_photo("a.jpg")
    ended = relume("edit", "a.jpg")
    assert ended.code == 0
    assert Path("a.jpg").read_bytes() == before
    assert mean("a.relume.jpg") > mean("a.jpg")
    assert relume("edit", "a.jpg", "-m", "identity").code == 0
    assert mean("a.relume.jpg") == pytest.approx(mean("a.jpg"), abs=1)


def test_replaces_in_place_with_depth_and_profile(relume: Call) -> None:
    old = put_tiff()
    assert relume("edit", "copy.tif", "--in-place", "-m", "gamma").code == 0
    new = io.read("copy.tif")
    assert new.bits == 16
    assert new.icc == old.icc
    assert new.pixels.mean() > old.pixels.mean()
    assert sorted(path.name for path in Path().iterdir()) == ["copy.tif"]


def test_identity_in_place_keeps_every_value(relume: Call) -> None:
    old = put_tiff()
    assert relume("edit", "copy.tif", "--in-place", "-m", "identity").code == 0
    assert np.array_equal(io.read("copy.tif").pixels, old.pixels)


def test_keeps_rights_and_link(relume: Call) -> None:
    put_tiff("real.tif")
    Path("real.tif").chmod(0o640)
    Path("link.tif").symlink_to("real.tif")
    assert relume("edit", "link.tif", "--in-place", "-m", "gamma").code == 0
    assert Path("link.tif").is_symlink()
    assert Path("real.tif").stat().st_mode & 0o777 == 0o640


def test_refuses_in_place_what_would_be_lost(relume: Call) -> None:
    pages = [Image.new("RGB", (8, 8), (9, 9, 9)), Image.new("RGB", (8, 8), (20, 9, 9))]
    pages[0].save("pages.tif", save_all=True, append_images=pages[1:])
    before = Path("pages.tif").read_bytes()
    ended = relume("edit", "pages.tif", "--in-place", "-m", "gamma")
    assert ended.code == 1
    assert "more than its light" in ended.complaint
    assert Path("pages.tif").read_bytes() == before


def test_keeps_the_file_of_layers(relume: Call) -> None:
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    tags[37724] = b"Adobe Photoshop Document Data Block\0" + bytes(64)
    tags.tagtype[37724] = 7
    Image.new("RGB", (8, 8), (9, 9, 9)).save("layers.tif", tiffinfo=tags)
    before = Path("layers.tif").read_bytes()
    ended = relume("edit", "layers.tif", "--in-place", "-m", "gamma")
    assert ended.code == 1
    assert "layers were not read" in ended.complaint
    assert Path("layers.tif").read_bytes() == before
    beside = relume("edit", "layers.tif", "-m", "gamma")
    assert beside.code == 0
    assert "layers were not read" in beside.out


def test_keeps_a_write_protected_file(relume: Call) -> None:
    before = put_photo("a.jpg")
    Path("a.jpg").chmod(0o444)
    ended = relume("edit", "a.jpg", "--in-place", "-m", "gamma")
    assert ended.code == 1
    assert "write-protected" in ended.complaint
    assert Path("a.jpg").read_bytes() == before
    assert relume("edit", "a.jpg", "-m", "gamma").code == 0


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes with names are POSIX")
def test_does_not_wait_for_a_pipe(relume: Call) -> None:
    os.mkfifo("pipe.tif")
    ended = relume("edit", "pipe.tif", "-m", "gamma")
    assert ended.code == 1
    assert "pipe.tif is no file" in ended.complaint


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("absent.tif",), 1, "absent.tif"),
        (("a.jpg", "--in-place", "-o", "b.jpg"), 2, "choose one"),
        (("a.jpg", "-o", "a.jpg"), 2, "--in-place"),
        (("text.tif",), 1, "text.tif"),
        (("a.jpg", "-k", "exposure=1"), 2, "name one"),
    ],
)
def test_says_in_one_line_what_is_wrong(
    relume: Call, arguments: tuple[str, ...], code: int, words: str
) -> None:
    before = put_photo("a.jpg")
    Path("text.tif").write_text("no picture")
    ended = relume("edit", *arguments)
    assert ended.code == code
    assert words in ended.complaint
    assert Path("a.jpg").read_bytes() == before
    assert sorted(path.name for path in Path().iterdir()) == ["a.jpg", "text.tif"]
