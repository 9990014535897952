"""Finished pictures become plausible mosaics, and their truth is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fake.night import night
from relume.colour import decode_srgb, encode_srgb
from relume.data.camera_matrices import CAMERA_FROM_XYZ, draw_camera
from relume.data.mosaicking import SITES, balanced, mosaicked
from relume.data.sensor_noise import SENSORS, Noise, draw_noise
from relume.data.unprocess import Unprocess
from relume.errors import ContractError

CLEAN = Unprocess(highlight_chance=0.0, stops=(1.0, 1.0))


def daylight(height: int = 48, width: int = 64) -> np.ndarray:
    return encode_srgb(np.clip(2 * night(height, width), 0, 1)).astype(np.float32)


@settings(max_examples=20, deadline=None)
@given(height=st.integers(1, 20), width=st.integers(1, 20), seed=st.integers(0, 2**32 - 1))
def test_any_even_size_comes_out_in_range(height: int, width: int, seed: int) -> None:
    image = daylight(2 * height, 2 * width)
    plane, picture, ratio = Unprocess()(image, random=np.random.default_rng(seed))
    assert plane.shape == image.shape[:2]
    assert picture.shape == image.shape
    assert plane.dtype == picture.dtype == np.float32
    assert 0 <= plane.min() <= plane.max() <= 1
    assert 0 <= picture.min() <= picture.max() <= 1
    assert 2 <= ratio <= 256


def test_the_generator_decides_everything() -> None:
    image = daylight()
    one, other, third = (
        Unprocess().shoot(image, random=np.random.default_rng(seed)) for seed in (3, 3, 4)
    )
    assert np.array_equal(one.mosaic.samples, other.mosaic.samples)
    assert one.ratio == other.ratio != third.ratio


def test_gray_is_gray_in_the_mosaic_and_in_the_picture() -> None:
    image = np.full((64, 64, 3), 0.6, np.float32)
    for seed in range(5):
        plane, picture, ratio = CLEAN(image, random=np.random.default_rng(seed))
        assert np.abs(picture - 0.6).max() < 1e-5
        means = [plane[row::2, column::2].mean() for row, column, _ in SITES]
        expected = decode_srgb(np.float32(0.6)) / ratio
        # Counts are whole and sensors are noisy: 1024 samples of each site.
        assert np.allclose(means, expected, rtol=0.03)


def test_forward_and_backward_agree() -> None:
    """The picture is the mosaic's light, averaged over exposures, and leads back to the image."""
    image, count = daylight(16, 16), 200
    error = np.zeros((16, 16))
    for seed in range(count):
        shot = CLEAN.shoot(image, random=np.random.default_rng(seed))
        light = balanced(shot.mosaic.normalised(), shot.mosaic.white_balance) * shot.ratio
        error += (light - mosaicked(decode_srgb(shot.picture))) / count
        back = decode_srgb(shot.picture) @ shot.mosaic.matrix.T
        kept = ((shot.picture > 0) & (shot.picture < 1)).all(axis=2)
        assert np.abs(back - decode_srgb(image))[kept].max() < 1e-4
    # What noise put below black is lost, so shadows are a little too bright.
    assert np.abs(error).mean() < 0.01


def test_a_plain_camera_keeps_vivid_colours() -> None:
    image = daylight()
    image[..., 1:] = 0  # pure red, which no real camera sees
    vivid = Unprocess(plain_chance=1).shoot(image, random=np.random.default_rng(0))
    assert np.array_equal(vivid.mosaic.matrix, np.eye(3))
    assert np.abs(vivid.picture - image).max() < 1e-5
    other = Unprocess().shoot(image, random=np.random.default_rng(0))
    assert np.abs(other.picture - image).max() > 0.02


def test_a_picture_of_odd_sides_is_refused() -> None:
    with pytest.raises(ContractError, match="even sides"):
        Unprocess()(daylight()[:-1], random=np.random.default_rng(0))


@pytest.mark.parametrize(
    "options",
    [{"stops": (3.0, 1.0)}, {"gains": (0.5, 2.0)}, {"least_electrons": 0.0}, {"plain_chance": 2.0}],
)
def test_options_out_of_range_are_refused(options: dict) -> None:
    with pytest.raises(ContractError, match=next(iter(options))):
        replace(Unprocess(), **options)


def test_noise_has_the_stated_variance() -> None:
    random = np.random.default_rng(0)
    noise = Noise(shot=1e-3, read=2e-3, row=0.0)
    signal = np.full((200, 200), 0.04, np.float32)
    found = noise(signal, random=random)
    assert found.mean() == pytest.approx(0.04, rel=0.01)
    assert found.var() == pytest.approx(1e-3 * 0.04 + 2e-3**2, rel=0.05)


def test_rows_share_their_noise() -> None:
    noise = Noise(shot=1e-9, read=0.0, row=1e-2)
    found = noise(np.zeros((400, 8), np.float32), random=np.random.default_rng(0))
    assert np.ptp(found, axis=1).max() < 1e-6
    assert found[:, 0].std() == pytest.approx(1e-2, rel=0.15)


def test_settings_that_leave_no_picture_are_not_drawn() -> None:
    random = np.random.default_rng(0)
    least = max(np.exp(sensor.log_gain[0]) / sensor.counts for sensor in SENSORS)
    for _ in range(200):
        assert draw_noise(random=random, most_shot=1e-4).shot <= max(1.0001e-4, least)


def test_cameras_keep_gray_and_differ() -> None:
    random = np.random.default_rng(0)
    one, other = (draw_camera(random=random) for _ in range(2))
    assert np.allclose(one.sum(axis=1), 1)
    assert not np.allclose(one, other)
    assert len(CAMERA_FROM_XYZ) >= 5


def test_full_sites_are_white_whatever_the_balance() -> None:
    full = np.ones((4, 6), np.float32)
    for gains in ((2.0, 1.0, 1.5), (0.7, 1.0, 1.9)):
        assert (balanced(full, gains) == 1).all()
