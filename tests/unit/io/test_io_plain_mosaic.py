"""Mosaics in plain files, with what they mean said from outside."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest

from fake import pictures, raw
from relume.colour import decode_srgb
from relume.errors import ContractError, TooLargeError, UnreadableError
from relume.io import read
from relume.io.raw.plain_mosaic import Sensor
from shared import need_shared

SENSOR = Sensor("GBRG", raw.BLACKS, raw.WHITE, size=(60, 40))
SAMPLES = raw.mosaic_of(raw.scene(40, 60), "GBRG")


def npy(array):
    stream = BytesIO()
    np.save(stream, array)
    return stream.getvalue()


def put(tmp_path, name):
    data = {
        "a.npy": npy(SAMPLES),
        "b.npy": npy(np.asfortranarray(SAMPLES.astype(">u2"))),
        "a.raw": SAMPLES.astype("<u2").tobytes(),
        "a.tif": pictures.tiff(SAMPLES),
        "a.png": pictures.png16(SAMPLES),
    }[name]
    path = tmp_path / name
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("name", ["a.npy", "b.npy", "a.raw", "a.tif", "a.png"])
def test_samples_come_as_they_are(tmp_path, name):
    photo = read(put(tmp_path, name), want="mosaic", sensor=SENSOR)
    assert photo.mosaic is not None
    assert np.array_equal(photo.mosaic.samples, SAMPLES)
    assert (photo.mosaic.cfa, photo.mosaic.black, photo.mosaic.white) == (
        "GBRG", raw.BLACKS, raw.WHITE,
    )  # fmt: skip


@pytest.mark.parametrize("name", ["a.npy", "a.raw", "a.tif", "a.png"])
def test_they_are_developed_like_a_file_of_a_camera(tmp_path, name):
    photo = read(put(tmp_path, name), sensor=SENSOR, white_balance=raw.GAINS)
    assert photo.notes == ("developed, white balance 2,1,1.6",)
    off = np.abs(decode_srgb(photo.pixels / 65535) - raw.scene(40, 60))
    assert off[4:-4, 4:-4].max() < 4e-3


def test_white_balance_is_of_the_gray_world_as_no_camera_says_more(tmp_path):
    gray = raw.mosaic_of(np.full((40, 60, 3), 0.2), "GBRG")
    for wanted in ("camera", "auto"):
        photo = read(npy(gray), want="mosaic", sensor=SENSOR, white_balance=wanted)
        assert photo.mosaic is not None
        assert photo.mosaic.white_balance == pytest.approx(raw.GAINS, rel=2e-3)
    assert read(npy(gray), sensor=SENSOR).notes == ("developed, gray-world white balance",)


def test_black_mosaics_need_no_colour():
    black = npy(np.zeros((40, 60), np.uint16))
    assert read(black, sensor=SENSOR).pixels.max() == 0


@pytest.mark.parametrize("name", ["a.npy", "a.raw"])
def test_without_levels(tmp_path, name):
    with pytest.raises(UnreadableError, match=r"without levels.*--cfa.*--black.*--white"):
        read(put(tmp_path, name))


def test_gray_pictures_stay_pictures_without_levels(tmp_path):
    assert np.array_equal(read(put(tmp_path, "a.tif")).pixels, SAMPLES)


def test_colour_pictures_stay_pictures():
    data = pictures.KINDS["png"]()
    assert read(data, want="mosaic", sensor=SENSOR).encoding == "srgb"


def test_a_headerless_file_of_another_size(tmp_path):
    path = put(tmp_path, "a.raw")
    with pytest.raises(UnreadableError, match=r"--size WxH"):
        read(path, sensor=Sensor("RGGB", raw.BLACKS, raw.WHITE))
    with pytest.raises(UnreadableError, match="4800 bytes are not 60 × 41"):
        read(path, sensor=Sensor("RGGB", raw.BLACKS, raw.WHITE, size=(60, 41)))
    with pytest.raises(TooLargeError):
        read(path, sensor=SENSOR, max_pixels=2399)


@pytest.mark.parametrize(
    "array", [np.zeros((4, 5)), np.zeros((4, 5, 3), np.uint16), np.zeros((4, 5), np.int16)]
)
def test_other_arrays_are_refused(array):
    with pytest.raises(UnreadableError, match="a mosaic is"):
        read(npy(array), sensor=SENSOR)


def test_a_tiny_mosaic_is_read_and_not_developed():
    tiny = npy(SAMPLES[:21])
    assert read(tiny, want="mosaic", sensor=SENSOR).height == 21
    assert read(npy(SAMPLES[:22]), sensor=SENSOR).height == 22
    with pytest.raises(UnreadableError, match="too small"):
        read(tiny, sensor=SENSOR)


def test_pickles_are_refused():
    with pytest.raises(UnreadableError):
        read(npy(np.array([{"a": 1}], object)), sensor=SENSOR)


def test_a_large_array_is_refused_by_its_header():
    head = npy(np.zeros((2, 2), np.uint16)).replace(b"(2, 2)", b"(90000, 90000)")
    with pytest.raises(TooLargeError):
        read(head, sensor=SENSOR)


@pytest.mark.parametrize(
    ("cfa", "black", "white", "size"),
    [
        ("RGBG", (0, 0, 0, 0), 1023, None),
        ("RGGB", (0, 0, 0, 2000), 1023, None),
        ("RGGB", (-1, 0, 0, 0), 1023, None),
        ("RGGB", (0, 0, 0, 0), 70000, None),
        ("RGGB", (0, 0, 0, 0), float("nan"), None),
        ("RGGB", (0, 0, 0, 0), 1023, (1, 5)),
    ],
)
def test_senseless_sensors_are_refused(cfa, black, white, size):
    with pytest.raises(ContractError):
        Sensor(cfa, black, white, size)


def test_phases_of_one_real_scene():
    """The four files hold the samples of one scene, exchanged inside each cell to suit the filter:
    areas agree and edges do not."""
    folder = need_shared("data", "raw")
    pictures_of = [
        read(
            folder / f"mosaic16_768x512_{cfa.lower()}.raw",
            sensor=Sensor(cfa, (600,) * 4, 16383, size=(768, 512)),
            white_balance=(2.0, 1.0, 1.5),
        ).pixels
        for cfa in raw.PHASES
    ]
    blurred = [
        np.array([_mean(found, 16) for found in np.moveaxis(one / 65535, 2, 0)])
        for one in pictures_of
    ]
    for other in blurred[1:]:
        # Swapped colours would give 0.14.
        assert np.abs(other - blurred[0]).mean() < 0.01


def _mean(plane, side):
    return plane.reshape(512 // side, side, 768 // side, side).mean(axis=(1, 3))
