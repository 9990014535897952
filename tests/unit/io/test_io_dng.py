"""DNG, written by us and read by LibRaw, tifffile and ourselves."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
import rawpy
import tifffile

from fake import pictures, raw
from relume.colour import decode_srgb
from relume.colour_statement import Colour, known
from relume.colour_statement.icc_writer import profile
from relume.errors import ContractError, UnwritableError
from relume.io import encode, read
from relume.io.metadata import icc
from relume.io.raw import dng
from relume.photo import Mosaic, Photo

PIXELS = (raw.scene(40, 60) ** 0.4 * 65535).astype(np.uint16)


@pytest.mark.parametrize("blob", [None, pictures.exif(1), pictures.exif(1, order=">")])
def test_comes_back(blob):
    data = encode(Photo(PIXELS, icc=icc.srgb(), exif=blob), format="dng", software="relume 1")
    photo = read(data)
    assert photo.format == "dng"
    # 16 bits in linear light are coarser in the shadows: a step there is 13 encoded ones.
    assert np.abs(photo.pixels.astype(int) - PIXELS).max() <= 13
    with tifffile.TiffFile(BytesIO(data)) as file:
        tags = file.pages[0].tags
        assert tags["PhotometricInterpretation"].value == 34892
        assert tags["Software"].value.startswith("relume 1")
        assert tags["DNGVersion"].value == (1, 4, 0, 0) or bytes(tags["DNGVersion"].value)[0] == 1
        linear = file.pages[0].asarray() / 65535
    assert np.abs(linear - decode_srgb(PIXELS / 65535)).max() < 1e-5
    if blob is not None:
        assert photo.exif is not None
        assert b"Dark Optics" in photo.exif


def test_opens_in_libraw_as_it_is():
    data = encode(Photo(PIXELS), format="dng")
    with rawpy.imread(BytesIO(data)) as file:
        assert file.camera_whitebalance[:3] == pytest.approx([1, 1, 1])
        picture = file.postprocess(use_camera_wb=True, no_auto_bright=True, gamma=(1, 1),
                                   output_bps=16)  # fmt: skip
    assert np.abs(picture / 65535 - decode_srgb(PIXELS / 65535)).max() < 1e-3


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_gray_and_eight_bits(dtype):
    gray = (PIXELS[..., 0] >> (8 if dtype == np.uint8 else 0)).astype(dtype)
    photo = read(encode(Photo(gray), format="dng"))
    scale = np.iinfo(dtype).max
    assert np.abs(photo.pixels[..., 1] / 65535 - gray / scale).max() < 3e-4


def test_another_colour_space_is_refused():
    wide = profile(Colour(known.P3_D65, known.SRGB_CURVE, "test"))
    with pytest.raises(UnwritableError, match="sRGB pictures"):
        encode(Photo(PIXELS, icc=wide), format="dng")


def test_mosaics_are_not_written_as_pictures():
    mosaic = Mosaic(raw.mosaic_of(raw.scene(40, 60)), "RGGB", raw.BLACKS, raw.WHITE)
    with pytest.raises(ContractError, match="develop"):
        encode(Photo.of_mosaic(mosaic), format="tiff")


@pytest.mark.parametrize("cfa", raw.PHASES)
def test_a_mosaic_comes_back(cfa):
    samples = raw.mosaic_of(raw.scene(40, 60), cfa)
    mosaic = Mosaic(samples, cfa, (500.5, 520, 540, 560.25), raw.WHITE, (2.0, 1.0, 1.6))
    found = read(dng.of_mosaic(mosaic), want="mosaic").mosaic
    assert found is not None
    assert np.array_equal(found.samples, samples)
    assert (found.cfa, found.white) == (cfa, raw.WHITE)
    assert found.black == pytest.approx(mosaic.black, abs=1)  # LibRaw keeps whole numbers
    assert found.white_balance == pytest.approx((2.0, 1.0, 1.6), rel=1e-3)
    assert found.matrix == pytest.approx(np.eye(3), abs=2e-3)


def test_profile_is_the_same_each_time():
    first = icc.srgb()
    icc.srgb.cache_clear()
    assert icc.srgb() == first
    assert Photo(PIXELS, icc=first).colour.is_srgb
