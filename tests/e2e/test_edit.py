"""`relume edit`: what external editors call, and what it never does to their file."""

from __future__ import annotations

import os
import signal
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


def test_a_knob_without_a_method_is_one_of_relume(relume: Call) -> None:
    put_photo("a.jpg")
    for verb in ("edit", "enhance"):
        for words in (("-m", "relume"), ()):
            output = f"{verb}{len(words)}.png"
            ended = relume(verb, "a.jpg", "-o", output, *words, "-k", "exposure=0.5")
            assert (ended.code, ended.err) == (0, "")
            assert "relume" in ended.out
        assert Path(f"{verb}0.png").read_bytes() == Path(f"{verb}2.png").read_bytes()
        refused = relume(verb, "a.jpg", "-o", "b.png", "-m", "auto", "-k", "exposure=0.5")
        assert refused.code == 2
        assert "leave it out for those of relume" in refused.complaint


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


@pytest.mark.skipif(not hasattr(os, "setxattr"), reason="extended attributes are Linux's here")
def test_keeps_owner_and_extended_attributes(relume: Call) -> None:
    put_tiff()
    try:
        os.setxattr("copy.tif", "user.rating", b"5")
    except OSError:
        pytest.skip("this file system has no extended attributes")
    if os.geteuid() == 0:
        os.chown("copy.tif", 1234, 4321)
    before = Path("copy.tif").stat()
    assert relume("edit", "copy.tif", "--in-place", "-m", "gamma").code == 0
    after = Path("copy.tif").stat()
    assert os.getxattr("copy.tif", "user.rating") == b"5"
    assert (after.st_uid, after.st_gid) == (before.st_uid, before.st_gid)
    assert after.st_ino != before.st_ino


def test_does_not_part_names_of_one_file(relume: Call) -> None:
    put_tiff()
    os.link("copy.tif", "again.tif")
    ended = relume("edit", "copy.tif", "--in-place", "-m", "gamma")
    assert ended.code == 1
    assert "2 names" in ended.complaint
    assert Path("copy.tif").samefile("again.tif")
    assert relume("edit", "copy.tif", "-m", "gamma").code == 0


@pytest.mark.parametrize("change", ["written", "replaced", "gone", "protected"])
def test_does_not_replace_what_another_program_changed(
    relume: Call, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    put_tiff()
    encode = io.write

    def slowly(*given: object, **options: object) -> object:
        notes = encode(*given, **options)  # pyright: ignore[reportArgumentType, reportCallIssue]
        file = Path("copy.tif")
        if change == "written":
            file.write_bytes(b"another program's")
        elif change == "replaced":
            Path("new.tif").write_bytes(b"another program's")
            Path("new.tif").replace(file)
        elif change == "gone":
            file.unlink()
        else:
            file.chmod(0o444)
        return notes

    monkeypatch.setattr(io, "write", slowly)
    ended = relume("edit", "copy.tif", "--in-place", "-m", "gamma")
    assert ended.code == 1
    assert ("write-protected" if change == "protected" else "meanwhile") in ended.complaint
    left = [path.name for path in Path().iterdir()]
    assert left == ([] if change == "gone" else ["copy.tif"])
    if change != "protected" and left:
        assert Path("copy.tif").read_bytes() == b"another program's"


@pytest.mark.skipif(os.name != "posix", reason="a request to end is POSIX's")
def test_ends_without_a_trace_when_the_editor_gives_up(
    relume: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_tiff()
    before = Path("copy.tif").read_bytes()
    from relume.cli import edit

    look = edit._stamp  # pyright: ignore[reportPrivateUsage]
    looks: list[str] = []

    def ask_to_end(file: Path, *, in_place: bool) -> edit.Stamp:
        looks.append(file.name)
        if len(looks) == 2:  # the new content lies beside the file
            assert len(list(Path().iterdir())) == 2
            signal.getsignal(signal.SIGTERM)(signal.SIGTERM, None)  # pyright: ignore[reportCallIssue, reportOptionalCall]
        return look(file, in_place=in_place)

    monkeypatch.setattr(edit, "_stamp", ask_to_end)
    ended = relume("edit", "copy.tif", "--in-place", "-m", "gamma")
    assert ended.code == 130
    assert [path.name for path in Path().iterdir()] == ["copy.tif"]
    assert Path("copy.tif").read_bytes() == before


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
        (("a.jpg", "-m", "auto", "-k", "exposure=1"), 2, "sets its own knobs"),
        (("float.tif",), 1, "float.tif: floating-point"),
        (("",), 1, "is no file but a folder"),
        (("..",), 1, ".. is no file but a folder"),
        (("-",), 2, "enhance -"),
        (("a.jpg", "-o", "-"), 2, "enhance -"),
    ],
)
def test_says_in_one_line_what_is_wrong(
    relume: Call, arguments: tuple[str, ...], code: int, words: str
) -> None:
    before = put_photo("a.jpg")
    Path("text.tif").write_text("no picture")
    Image.new("F", (8, 8)).save("float.tif")
    ended = relume("edit", *arguments)
    assert ended.code == code
    assert words in ended.complaint
    assert Path("a.jpg").read_bytes() == before
    assert sorted(path.name for path in Path().iterdir()) == ["a.jpg", "float.tif", "text.tif"]
