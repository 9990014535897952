"""What is well exposed is copied, not encoded again."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from e2e.command import Call
from fake import pictures

BRIGHT = np.full((48, 64, 3), 150, np.uint8)
BRIGHT[8:40, 8:56] = (250, 245, 200)
BRIGHT[12:20, 12:20] = (90, 140, 60)
PICTURE = Image.fromarray(BRIGHT)
KINDS = {
    "jpg": {"quality": 71, "exif": b"Exif\0\0" + pictures.exif(1), "comment": b"by hand"},
    "png": {},
    "webp": {"lossless": True},
    "tif": {},
    "bmp": {},
    "avif": {},
}


def put(name: str, **options: object) -> bytes:
    PICTURE.save(name, **options)  # type: ignore[arg-type]
    return Path(name).read_bytes()


@pytest.mark.parametrize("suffix", KINDS)
def test_byte_for_byte(relume: Call, suffix: str) -> None:
    data = put(f"a.{suffix}", **KINDS[suffix])
    ended = relume("enhance", f"a.{suffix}")
    assert ended.code == 0
    assert "left alone" in ended.out
    assert ended.out.rstrip().endswith("copied as it was")
    assert Path(f"a.relume.{suffix}").read_bytes() == data


@pytest.mark.parametrize("suffix", ["webp", "png"])
@pytest.mark.parametrize("options", [(), ("--strip-metadata",)])
def test_animations_too(relume: Call, suffix: str, options: tuple[str, ...]) -> None:
    frames = [Image.fromarray(np.roll(BRIGHT, 8 * step, axis=1)) for step in range(3)]
    frames[0].save(f"a.{suffix}", save_all=True, append_images=frames[1:], duration=40,
                   lossless=True, exif=pictures.exif(1))  # fmt: skip
    ended = relume("enhance", f"a.{suffix}", *options)
    assert "first frame" not in ended.out
    with Image.open(f"a.relume.{suffix}") as image:
        assert image.n_frames == 3
        image.seek(2)
        assert np.array_equal(np.asarray(image.convert("RGB")), frames[2])
        assert bool(image.getexif()) == (not options)
    same = Path(f"a.relume.{suffix}").read_bytes() == Path(f"a.{suffix}").read_bytes()
    assert same == (not options)


def test_stripped_pixels_stay(relume: Call) -> None:
    put("a.jpg", **KINDS["jpg"])
    relume("enhance", "a.jpg", "--strip-metadata")
    data = Path("a.relume.jpg").read_bytes()
    assert b"Exif" not in data
    assert b"by hand" not in data
    with Image.open("a.jpg") as before, Image.open(BytesIO(data)) as after:
        assert np.array_equal(before, after)


def test_a_turned_picture_stays_turned_when_its_metadata_go(relume: Call) -> None:
    put("a.jpg", exif=b"Exif\0\0" + pictures.exif(6))
    relume("enhance", "a.jpg", "--strip-metadata", "-o", "b.jpg")
    with Image.open("b.jpg") as image:
        assert image.size == (48, 64)


@pytest.mark.parametrize(
    "options", [("-q", "80"), ("-o", "b.png"), ("-m", "gamma", "-k", "gamma=1.01")]
)
def test_what_asks_for_more_is_written(relume: Call, options: tuple[str, ...]) -> None:
    put("a.jpg")
    options = ("--quality", "80") if options[0] == "-q" else options
    ended = relume("enhance", "a.jpg", *options)
    assert ended.code == 0
    assert "copied" not in ended.out
