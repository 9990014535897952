from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relume.filters.gaussian import blur

cv2 = pytest.importorskip("cv2")


def test_is_opencvs():
    """To what 8 sigma of a sampled kernel leave out, and single precision."""
    image = np.random.default_rng(0).random((90, 120, 3), np.float32)
    for sigma in (1.5, 3.0, 8.0):
        theirs = cv2.GaussianBlur(
            image, (2 * int(6 * sigma) + 1,) * 2, sigma, borderType=cv2.BORDER_REFLECT
        )
        assert np.abs(blur(image, sigma=sigma) - theirs).max() < 2e-5


@pytest.mark.parametrize("sigma", [15.0, 40.0, 120.0])
def test_wide_is_near_the_cosine_transform(sigma):
    """The exact blur with mirrored borders, by the spectrum of the mirrored picture."""
    down, across = np.mgrid[:150, :200] / 40
    image = (np.sin(across**1.5) * np.cos(down) > 0)[..., None] * np.float32([0.9, 0.5, 0.1])
    mirrored = np.concatenate([image, image[::-1]])
    mirrored = np.concatenate([mirrored, mirrored[:, ::-1]], axis=1)
    y, x = np.fft.fftfreq(300)[:, None], np.fft.fftfreq(400)
    transfer = np.exp(-0.5 * (2 * np.pi * sigma) ** 2 * (y**2 + x**2))[..., None]
    spectrum = np.fft.fft2(mirrored, axes=(0, 1)) * transfer
    exact = np.fft.ifft2(spectrum, axes=(0, 1)).real[:150, :200]
    off = blur(image, sigma=sigma) - exact
    assert np.sqrt((off**2).mean()) < 1e-3
    assert np.abs(off).max() < 5e-3


@settings(max_examples=40, deadline=None)
@given(
    shape=st.sampled_from([(1, 1), (1, 30), (17, 1), (40, 31)]),
    sigma=st.floats(0.01, 300),
    seed=st.integers(0, 2**32 - 1),
)
def test_principles(shape, sigma, seed):
    """A mean stays, a constant stays, nothing leaves the range, and axes are alike."""
    image = np.random.default_rng(seed).random((*shape, 2), np.float32)
    result = blur(image, sigma=sigma)
    assert result.shape == image.shape
    assert result.dtype == np.float32
    # A narrow kernel rings: its exact spectrum is cut off at the highest frequency.
    ringing = 0.02 if sigma < 0.7 else 1e-5
    assert image.min() - ringing <= result.min() <= result.max() <= image.max() + ringing
    turned = blur(image.transpose(1, 0, 2), sigma=sigma).transpose(1, 0, 2)
    assert np.abs(turned - result).max() < 1e-5
    assert np.abs(blur(np.full_like(image, 0.3), sigma=sigma) - 0.3).max() < 1e-5


def test_sums_to_one_and_vanishes():
    impulse = np.zeros((61, 61, 1), np.float32)
    impulse[30, 30] = 1
    for sigma in (2.0, 5.0):
        assert blur(impulse, sigma=sigma).sum() == pytest.approx(1, abs=1e-4)
    assert np.abs(blur(impulse, sigma=1e-3) - impulse).max() < 1e-5
