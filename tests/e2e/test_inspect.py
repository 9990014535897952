"""`relume inspect` tells what is understood of a file."""

from __future__ import annotations

import json

import numpy as np
import pytest

from fake import gain_maps, pictures
from relume.colour_statement import Colour, known
from relume.colour_statement.icc_writer import profile
from relume.io import write
from relume.photo import Beside, Photo

P3 = Colour(known.P3_D65, known.SRGB_CURVE, "test")


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "a.png"
    alpha = np.full((20, 31), 9, np.uint16)
    photo = Photo(
        pictures.pixels(20, 31, bits=16),
        alpha=alpha,
        icc=profile(P3),
        exif=pictures.exif(),
        beside=Beside((("Copyright", "me"),)),
    )
    write(photo, path)
    return path


def test_a_gain_map_and_a_motion_photo(relume, tmp_path):
    path = tmp_path / "hdr.jpg"
    path.write_bytes(gain_maps.ultra_hdr())
    facts = json.loads(relume("inspect", str(path), "--json").out)
    assert (facts["gain map"]["width"], facts["gain map"]["height"]) == (48, 32)
    assert facts["gain map"]["headroom"] > 0
    assert facts["motion"] is None
    assert "gain map     48 × 32" in relume("inspect", str(path)).out
    video = b"\0\0\0\x18ftypmp42" + bytes(12) + b"\0\0\0\x10mdat" + bytes(8)
    path.write_bytes(gain_maps.ultra_hdr(video=video))
    assert json.loads(relume("inspect", str(path), "--json").out)["motion"]["bytes"] == len(video)


def test_json(relume, file):
    ended = relume("inspect", str(file), "--json")
    facts = json.loads(ended.out)
    assert ended.code == 0
    assert (facts["format"], facts["width"], facts["height"], facts["depth"]) == ("png", 31, 20, 16)
    assert facts["alpha"] is True
    assert facts["colour"]["name"] == "P3-D65, sRGB"
    assert facts["colour"]["by"] == "ICC profile"
    assert facts["colour"]["codes"] == {
        "primaries": 12, "transfer": 13, "matrix": 0, "range": "full",
    }  # fmt: skip
    assert facts["metadata"]["texts"] == {"Copyright": "me"}
    assert facts["metadata"]["EXIF"] == len(pictures.exif()) - len(pictures.THUMBNAIL)
    assert facts["losses"]["png"] == []
    lost = " ".join(facts["losses"]["jpeg"])
    assert "16 bits" in lost
    assert "transparency" in lost
    assert "Copyright" in lost
    assert any("EXIF" in one for one in facts["losses"]["bmp"])


def test_lines_and_a_file_that_is_none(relume, file, tmp_path):
    other = tmp_path / "b.jpg"
    other.write_bytes(b"no picture")
    ended = relume("inspect", str(file), str(other))
    assert ended.code == 1
    assert "P3-D65, sRGB (ICC profile)" in ended.out
    assert "keeps all" in ended.out
    assert str(other) in ended.complaint


def test_orientation_and_pages(relume, tmp_path):
    path = tmp_path / "a.jpg"
    about = b"Exif\0\0" + pictures.exif(6)
    path.write_bytes(pictures.saved(pictures.smooth(20, 31), "JPEG", exif=about))
    facts = json.loads(relume("inspect", str(path), "--json").out)
    assert (facts["orientation"], facts["width"], facts["height"]) == (6, 20, 31)
    assert facts["pages"] == 1
