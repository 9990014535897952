"""Camera RAW: the mosaic and its meaning, the developed picture, on files of a known scene."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from PIL import Image

from fake import pictures, raw
from relume.colour import XYZ_FROM_SRGB, camera_matrix, decode_srgb
from relume.errors import ContractError
from relume.io import read
from relume.io.metadata import ifd
from relume.io.pixels import turned
from relume.io.raw.exif import _of_boxes as exif_of_boxes
from relume.photo import Mosaic
from shared import need_shared

TURNS = (1, 2, 3, 4, 5, 6, 7, 8)


def mosaic(data: bytes, **options: Any) -> Mosaic:
    photo = read(data, want="mosaic", **options)
    assert photo.encoding == "mosaic"
    assert photo.mosaic is not None
    return photo.mosaic


def linear(data: bytes, **options: Any) -> np.ndarray:
    return decode_srgb(read(data, **options).pixels / 65535)


@pytest.mark.parametrize("cfa", raw.PHASES)
@pytest.mark.parametrize("orientation", TURNS)
@pytest.mark.parametrize("size", [(30, 36), (31, 37)])
def test_mosaic_is_upright_with_its_filter_and_levels(cfa, orientation, size):
    light = raw.scene(*size)
    found = mosaic(raw.bayer_dng(raw.mosaic_of(light, cfa), cfa, orientation=orientation))
    upright = turned(light, orientation)
    assert found.samples.shape == upright.shape[:2]
    assert found.white == raw.WHITE
    again = raw.mosaic_of(upright, found.cfa, blacks=found.black)
    assert np.array_equal(found.samples, again)


@pytest.mark.parametrize("margins", [(0, 0), (2, 2), (3, 2), (2, 5), (1, 1)])
def test_margins_are_left_out_and_do_not_shift_the_filter(margins):
    light = raw.scene(40, 60)
    level = (500,) * 4  # LibRaw gives levels that differ to other sites where margins are odd
    seen = raw.mosaic_of(light, "GRBG", blacks=level)
    whole = np.zeros((40 + margins[0], 60 + margins[1]), np.uint16)
    whole[margins[0] :, margins[1] :] = seen
    data = raw.bayer_dng(whole, "GRBG", blacks=level, margins=margins)
    found = mosaic(data)
    # LibRaw makes odd margins even, and the filter begins elsewhere then.
    shown = light[margins[0] % 2 :, margins[1] % 2 :]
    again = raw.mosaic_of(shown, found.cfa, blacks=found.black)
    assert np.array_equal(found.samples, again)
    assert np.abs(linear(data) - shown)[4:-4, 4:-4].max() < 4e-3


def test_mosaic_knows_the_exposure_and_the_colours():
    samples = raw.mosaic_of(raw.scene(30, 36))
    found = mosaic(raw.bayer_dng(samples, matrix=raw.XYZ_TO_CAMERA))
    assert found.exposure_seconds == pytest.approx(1 / 8)
    assert found.iso is None
    assert found.white_balance == pytest.approx(raw.GAINS, abs=1e-3)
    assert found.matrix == pytest.approx(camera_matrix(raw.XYZ_TO_CAMERA), abs=2e-3)
    assert found.matrix.sum(axis=1) == pytest.approx([1, 1, 1], abs=1e-4)


def test_a_camera_that_sees_srgb_needs_no_matrix():
    assert camera_matrix(np.linalg.inv(XYZ_FROM_SRGB)) == pytest.approx(np.eye(3), abs=1e-12)


@pytest.mark.parametrize("cfa", raw.PHASES)
@pytest.mark.parametrize("orientation", [1, 6, 8])
def test_developed_picture_shows_the_scene(cfa, orientation):
    light = raw.scene(40, 60)
    data = raw.bayer_dng(raw.mosaic_of(light, cfa), cfa, orientation=orientation)
    found = linear(data)
    # Below the shoulder light is proportional; the outermost pixels are interpolated.
    off = np.abs(found - turned(light, orientation))[4:-4, 4:-4]
    assert off.max() < 4e-3
    assert read(data).icc is not None
    assert read(data).bits == 16


@pytest.mark.parametrize("cfa", raw.PHASES[1:])
def test_every_phase_gives_the_same_picture(cfa):
    samples = raw.mosaic_of(raw.scene(60, 80), blacks=(500,) * 4)
    whole = linear(raw.bayer_dng(samples, blacks=(500,) * 4))
    down, right = divmod(cfa.index("R"), 2)
    shifted = linear(raw.bayer_dng(samples[down:, right:], cfa, blacks=(500,) * 4))
    assert np.abs(whole[down:, right:] - shifted)[4:-4, 4:-4].max() < 1e-3


def test_libraw_and_the_stated_levels_agree():
    """The mosaic, developed with what is said of it, is what LibRaw makes of the file."""
    light = raw.scene(60, 80)
    data = raw.bayer_dng(raw.mosaic_of(light, "GRBG"), "GRBG", matrix=raw.XYZ_TO_CAMERA)
    ours, theirs = raw.developed(mosaic(data)), linear(data)
    shown = (ours < 0.75).all(axis=2)  # above, the shoulder begins
    assert np.abs(ours - theirs)[shown].mean() < 2e-3


def test_gray_is_gray_and_gains_are_obeyed():
    gray = np.full((40, 40, 3), 0.2)
    data = raw.bayer_dng(raw.mosaic_of(gray), matrix=raw.XYZ_TO_CAMERA)
    assert np.ptp(linear(data)[8:-8, 8:-8]) < 2e-3
    assert np.ptp(linear(data, white_balance="auto")[8:-8, 8:-8]) < 2e-3
    redder = linear(raw.bayer_dng(raw.mosaic_of(gray)), white_balance=(4.0, 2.0, 3.2))
    assert redder[20, 20] == pytest.approx([0.2] * 3, abs=2e-3)
    redder = linear(raw.bayer_dng(raw.mosaic_of(gray)), white_balance=(4.0, 1.0, 1.6))
    assert redder[20, 20] == pytest.approx([0.4, 0.2, 0.2], abs=4e-3)
    with pytest.raises(ContractError, match="three gains"):
        read(data, white_balance=(1.0, 0.0, 1.0))


def test_notes_name_the_white_balance():
    data = raw.bayer_dng(raw.mosaic_of(raw.scene(30, 36)))
    assert read(data).notes == ("developed, white balance of the camera",)
    assert read(data, white_balance=(2, 1, 1.5)).notes == ("developed, white balance 2,1,1.5",)


def test_exposure_doubles_light():
    data = raw.bayer_dng(raw.mosaic_of(raw.scene(40, 60)))
    dark, plain, bright = (linear(data, ev=ev) for ev in (-1.0, 0.0, 1.0))
    inside = (slice(4, -4), slice(4, -4))
    assert np.abs(2 * dark - plain)[inside].max() < 1e-3
    below = (plain < 0.39).all(axis=2)
    assert np.abs(bright - 2 * plain)[below].max() < 2e-3


@pytest.mark.parametrize("saturation", [1.0, 0.93])
def test_highlights_become_white_not_magenta(saturation):
    """Also where the file states more than the sensor gives."""
    down = np.linspace(0, 6, 120)[:, None, None]
    light = np.broadcast_to(down, (120, 60, 3))
    top = raw.BLACKS[0] + saturation * (raw.WHITE - raw.BLACKS[0])
    samples = raw.mosaic_of(light, blacks=(raw.BLACKS[0],) * 4, white=top)
    found = linear(raw.bayer_dng(samples, blacks=(raw.BLACKS[0],) * 4))[4:-4, 4:-4]
    assert np.ptp(found, axis=2).max() < 0.02
    assert found[-1].min() > 0.99
    assert (np.diff(found[:, 20, 1]) > -5e-3).all()  # no dark rim where one channel saturates


def test_unsaturated_light_does_not_move_white():
    samples = raw.mosaic_of(raw.scene(60, 80) * 2)
    assert samples.max() > 0.4 * raw.WHITE
    assert mosaic(raw.bayer_dng(samples)).white == raw.WHITE


def test_three_samples_are_developed_and_say_so():
    pixels = (raw.scene(30, 40) * 65535).astype(np.uint16)
    photo = read(raw.linear_dng(pixels), want="mosaic")
    assert photo.encoding == "srgb"
    assert photo.notes[0].startswith("no Bayer mosaic inside: its pixels have all three")
    assert np.abs(decode_srgb(photo.pixels / 65535) - pixels / 65535).max() < 1e-3


def test_sensors_without_colours_give_gray():
    pixels = (raw.scene(30, 40)[..., 0] * 65535).astype(np.uint16)
    photo = read(raw.gray_dng(pixels), want="mosaic")
    assert photo.notes == (
        "no Bayer mosaic inside: its sensor tells 1 colours apart, not 3",
        "developed, in gray, as its sensor sees no colours",
    )
    assert photo.pixels.shape == (30, 40)
    assert np.abs(decode_srgb(photo.pixels / 65535) - pixels / 65535).max() < 1e-3


def test_x_trans_is_developed_and_says_so():
    cfa = "GGRGGBGGBGGRBRGRBGGGBGGRGGRGGBRBGBRG"
    light = np.full((516, 516, 3), [0.3, 0.2, 0.1])  # LibRaw wants 512 or more of these
    pattern = np.array(list(cfa)).reshape(6, 6)
    channel = np.vectorize("RGB".index)(np.tile(pattern, (86, 86)))
    samples = (
        np.take_along_axis(light, channel[..., None], axis=2)[..., 0] / np.array(raw.GAINS)[channel]
    )
    counts = (500 + samples * (raw.WHITE - 500) + 0.5).astype(np.uint16)
    data = raw.bayer_dng(counts, cfa, blacks=(500,) * 4)
    photo = read(data, want="mosaic")
    assert photo.encoding == "srgb"
    assert "repeats every 6 × 6 sites (X-Trans)" in photo.notes[0]
    found = decode_srgb(photo.pixels / 65535)[12:-12, 12:-12].mean(axis=(0, 1))
    assert found == pytest.approx([0.3, 0.2, 0.1], abs=5e-3)


def test_exif_of_a_dng_comes_along():
    photo = read(raw.bayer_dng(raw.mosaic_of(raw.scene(30, 36)), orientation=6))
    assert photo.exif is not None
    found = Image.Exif()
    found.load(photo.exif)
    assert found.get(0x0112, 1) == 1
    assert found.get_ifd(0x8769)[0x829A] == pytest.approx(1 / 8)


def test_exif_of_canon_boxes_is_joined():
    first = pictures.exif(6)
    second = ifd.header("<", 8) + ifd.pack("<", [ifd.field("<", 0x829A, 5, 1, 15)], at=8)
    blob = exif_of_boxes(raw.canon_boxes(first, second))
    assert blob is not None
    found = Image.Exif()
    found.load(blob)
    assert found[0x010F] == "Dark Optics"
    assert found.get_ifd(0x8769)[0x829A] == pytest.approx(1 / 15)


@pytest.mark.parametrize(
    "name",
    [
        "canon_crw_bayer_2224x1456.CRW",
        "canon_eos_6d_linear_1224x816.dng",
        "generated_bayer_768x512_tifffile.dng",
    ],
)
def test_real_files(name, capfd):
    path = need_shared("data", "raw", name)
    photo = read(path)
    assert capfd.readouterr().err == ""
    assert photo.bits == 16
    brightest = photo.pixels[photo.pixels.min(axis=2) > 65000]
    assert 0 < len(brightest) < 0.2 * photo.pixels[..., 0].size  # lamps and reflections are white
    found = read(path, want="mosaic")
    assert (found.mosaic is None) == ("linear" in name)
    if found.mosaic is not None:
        corner = (slice(200), slice(300))
        part = replace(found.mosaic, samples=found.mosaic.samples[corner])
        ours, theirs = raw.developed(part), decode_srgb(photo.pixels[corner] / 65535)
        shown = (ours < 0.75).all(axis=2)
        # Single pixels differ, as noise and edges are interpolated in two ways.
        assert ours[shown].mean(axis=0) == pytest.approx(theirs[shown].mean(axis=0), rel=0.02)
        assert np.corrcoef(ours[shown].ravel(), theirs[shown].ravel())[0, 1] > 0.98


def test_preview_names_the_camera():
    photo = read(need_shared("data", "raw", "canon_crw_bayer_2224x1456.CRW"))
    found = Image.Exif()
    found.load(photo.exif or b"")
    assert found[0x0110] == "EOS D30"
    assert found.get_ifd(0x8769)[0x9003] == "2018:01:01 13:03:32"


def test_streams_are_recognised_by_their_bytes():
    data = raw.bayer_dng(raw.mosaic_of(raw.scene(30, 36)))
    assert read(BytesIO(data)).format == "dng"
