"""XMP beside a picture goes with its result, turned with it, and overwrites nothing."""

from __future__ import annotations

import pytest

from fake import pictures
from relume.photo import Photo
from relume.runs.sidecars import put

PHOTO = Photo(pictures.smooth(8, 12), orientation=6)


@pytest.mark.parametrize("copied", [True, False])
@pytest.mark.parametrize(
    ("beside", "expected"),
    [("x.jpg.xmp", "y.png.xmp"), ("x.xmp", "y.xmp"), ("x.XMP", "y.XMP")],
)
def test_both_ways_of_naming(tmp_path, beside, expected, copied):
    (tmp_path / beside).write_bytes(pictures.xmp(6))
    folder = tmp_path / "out"
    folder.mkdir()
    assert put(tmp_path / "x.jpg", folder / "y.png", PHOTO, copied=copied) == ()
    assert [path.name for path in folder.iterdir()] == [expected]
    assert (folder / expected).read_bytes() == pictures.xmp(6 if copied else 1)


def test_nothing_is_overwritten(tmp_path):
    (tmp_path / "x.xmp").write_bytes(pictures.xmp(6))
    (tmp_path / "y.xmp").write_bytes(b"mine")
    (note,) = put(tmp_path / "x.jpg", tmp_path / "y.jpg", PHOTO, copied=False)
    assert "y.xmp was there already" in note
    assert (tmp_path / "y.xmp").read_bytes() == b"mine"
    (tmp_path / "y.xmp").write_bytes(pictures.xmp(1))  # as one of an earlier run
    assert put(tmp_path / "x.jpg", tmp_path / "y.jpg", PHOTO, copied=False) == ()


def test_none_and_too_large(tmp_path):
    assert put(tmp_path / "x.jpg", tmp_path / "y.jpg", PHOTO, copied=False) == ()
    with (tmp_path / "x.xmp").open("wb") as stream:
        stream.truncate(17 << 20)
    (note,) = put(tmp_path / "x.jpg", tmp_path / "y.jpg", PHOTO, copied=False)
    assert "not copied" in note
    assert not (tmp_path / "y.xmp").exists()
