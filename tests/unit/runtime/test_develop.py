"""Methods that start from mosaics, through the Enhancer."""

from __future__ import annotations

import numpy as np
import pytest

from fake import raw
from relume.colour import decode_srgb
from relume.errors import ContractError
from relume.io import read
from relume.io.metadata import icc
from relume.photo import Photo
from relume.runtime import Enhancer, enhancer

DNG = raw.bayer_dng(raw.mosaic_of(raw.scene(40, 60)), matrix=raw.XYZ_TO_CAMERA)


def test_wants_follow_the_method(monkeypatch):
    assert Enhancer().wants == "developed"
    assert Enhancer("gamma").wants == "developed"
    bilinear = raw.Bilinear()
    assert Enhancer(bilinear).wants == "mosaic"
    monkeypatch.setattr(enhancer, "FOR_MOSAICS", bilinear)
    assert Enhancer().wants == "mosaic"
    assert Enhancer("gamma").wants == "developed"
    assert Enhancer().photo(read(DNG, want="mosaic")).method == "bilinear"


@pytest.mark.parametrize("cfa", raw.PHASES)
@pytest.mark.parametrize("orientation", [1, 6])
def test_a_mosaic_becomes_a_picture(cfa, orientation):
    light = raw.scene(40, 60)
    data = raw.bayer_dng(raw.mosaic_of(light, cfa), cfa, orientation=orientation)
    photo = read(data, want="mosaic")
    result = Enhancer(raw.Bilinear()).photo(photo)
    picture = result.photo
    assert result.method == "bilinear"
    assert (picture.encoding, picture.bits, picture.mosaic) == ("srgb", 16, None)
    assert picture.notes == ("from the mosaic, white balance of the camera",)
    assert picture.icc == icc.srgb()
    assert picture.exif == photo.exif
    assert picture.format == "dng"
    developed = decode_srgb(read(data).pixels / 65535)
    found = decode_srgb(picture.pixels / 65535)
    assert np.abs(found - developed)[4:-4, 4:-4].max() < 4e-3


def test_exposure_comes_on_top():
    photo = read(DNG, want="mosaic")
    plain, bright, dark = (
        decode_srgb(Enhancer(raw.Bilinear(), ev=ev).photo(photo).photo.pixels / 65535)
        for ev in (0.0, 1.0, -1.0)
    )
    below = (plain < 0.39).all(axis=2)
    assert below.any()
    assert np.abs(bright - 2 * plain)[below].max() < 1e-3
    assert np.abs(2 * dark - plain).max() < 1e-3
    assert bright.max() < 1


def test_auto_wants_pictures():
    with pytest.raises(ContractError, match="developed"):
        Enhancer().photo(read(DNG, want="mosaic"))
    with pytest.raises(ContractError, match="starts from a picture"):
        Enhancer("gamma").photo(read(DNG, want="mosaic"))


def test_a_method_for_mosaics_says_why_it_cannot():
    pixels = (raw.scene(30, 40) * 65535).astype(np.uint16)
    linear = read(raw.linear_dng(pixels), want="mosaic")
    with pytest.raises(ContractError, match="bilinear: no Bayer mosaic inside: its pixels have"):
        Enhancer(raw.Bilinear()).photo(linear)
    with pytest.raises(ContractError, match="bilinear starts from camera RAW"):
        Enhancer(raw.Bilinear()).photo(Photo(pixels))
    with pytest.raises(ContractError, match="bilinear starts from camera RAW"):
        Enhancer(raw.Bilinear()).array(pixels)


def test_developed_raw_is_enhanced_like_any_picture():
    result = Enhancer("gamma", knobs={"gamma": 0.5}).photo(read(DNG))
    assert result.photo.pixels.dtype == np.uint16
    assert result.photo.pixels.mean() > read(DNG).pixels.mean()
