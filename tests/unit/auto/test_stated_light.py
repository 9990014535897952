from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from PIL.TiffImagePlugin import IFDRational

from relume.auto.stated_light import is_plausible, words
from relume.io.metadata.exposure import Told
from relume.photo import Photo
from relume.runtime.enhancer import Enhancer


def exif(*, time: IFDRational, brightness: float) -> bytes:
    """Return EXIF of f/1.8 and ISO 100: Av + Tv − Sv is −3.304 − log2 t."""
    found = Image.Exif()
    found.get_ifd(0x8769).update(
        {0x829A: time, 0x829D: IFDRational(18, 10), 0x8827: 100}
        | {0x9203: IFDRational(round(100 * brightness), 100)}
    )
    return found.tobytes()[6:]


def dark(level: int) -> np.ndarray:
    spread = np.random.default_rng(0).integers(0, 2 * level + 1, (60, 80, 3))
    return spread.astype(np.uint8)


@pytest.mark.parametrize(
    ("time", "brightness", "expected"),
    [
        (IFDRational(1, 8), -3.3, "3 stops short by its EXIF, night"),
        (IFDRational(1, 64), 1.7, "1 stop short by its EXIF, dim light"),
        (IFDRational(1, 1024), 4.7, "2 stops short by its EXIF, daylight"),
        (IFDRational(1, 1), -3.3, "exposed for night by its EXIF"),
        (IFDRational(1, 1024), 6.7, ""),
    ],
)
def test_what_a_file_tells_is_said_in_words(time, brightness, expected):
    assert words(dark(6), exif(time=time, brightness=brightness)) == expected


def test_nothing_is_said_without_exif():
    assert words(dark(6), None) == words(dark(6), b"no EXIF") == ""


def test_pixels_contradict_what_cannot_be():
    bright = np.full((60, 80, 3), 200, np.uint8)
    assert words(bright, exif(time=IFDRational(1, 64), brightness=-5)) == ""
    assert not is_plausible(Told(6.0, -5.0), bright)
    assert is_plausible(Told(6.0, -5.0), dark(2))
    assert is_plausible(Told(6.0, -5.0), np.zeros((60, 80), np.uint8))
    assert not is_plausible(Told(-2.9, 3.0), dark(6))


def test_auto_gives_it_as_a_reason():
    told = exif(time=IFDRational(1, 8), brightness=-3.3)
    with_exif, without = (Enhancer().photo(Photo(dark(6), exif=blob)) for blob in (told, None))
    assert with_exif.reason == f"{without.reason}; 3 stops short by its EXIF, night"
    assert np.array_equal(with_exif.photo.pixels, without.photo.pixels)
