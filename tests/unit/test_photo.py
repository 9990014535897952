"""A photo refuses pixels that do not belong together."""

from __future__ import annotations

import numpy as np
import pytest

from relume.errors import ContractError
from relume.photo import Mosaic, Photo

PIXELS = np.zeros((4, 5, 3), np.uint16)


def test_describes_itself() -> None:
    photo = Photo(PIXELS)
    assert (photo.width, photo.height, photo.bits) == (5, 4, 16)


@pytest.mark.parametrize(
    "pixels",
    [np.zeros((4, 5, 2), np.uint8), np.zeros((4, 0, 3), np.uint8), np.zeros((4, 5), np.float32)],
)
def test_other_pixels_are_refused(pixels: np.ndarray) -> None:
    with pytest.raises(ContractError, match="pixels"):
        Photo(pixels)


@pytest.mark.parametrize("alpha", [np.zeros((4, 4), np.uint16), np.zeros((4, 5), np.uint8)])
def test_alpha_must_fit(alpha: np.ndarray) -> None:
    with pytest.raises(ContractError, match="alpha"):
        Photo(PIXELS, alpha=alpha)


def test_new_pixels_must_fit() -> None:
    with pytest.raises(ContractError):
        Photo(PIXELS).with_pixels(np.zeros((4, 5, 3), np.uint8))


SAMPLES = np.array([[100, 400, 1000], [20, 900, 2000]], np.uint16)


def test_a_mosaic_is_normalised_site_by_site() -> None:
    mosaic = Mosaic(SAMPLES, "GBRG", (100, 200, 0, 500), 1100)
    expected = [[0, 200 / 900, 0.9], [20 / 1100, 400 / 600, 1]]
    assert mosaic.normalised() == pytest.approx(np.array(expected), abs=1e-6)
    assert mosaic.normalised().dtype == np.float32
    assert mosaic.offset_of_red() == (1, 0)


def test_a_photo_of_a_mosaic() -> None:
    photo = Photo.of_mosaic(Mosaic(SAMPLES, "RGGB", (0,) * 4, 1023))
    assert photo.encoding == "mosaic"
    turned = photo.with_pixels(SAMPLES + 1)
    assert turned.mosaic is not None
    assert np.array_equal(turned.mosaic.samples, SAMPLES + 1)
    with pytest.raises(ContractError, match="mosaic"):
        Photo(SAMPLES, encoding="mosaic")
    with pytest.raises(ContractError, match="mosaic"):
        Photo(SAMPLES.copy(), encoding="mosaic", mosaic=photo.mosaic)


@pytest.mark.parametrize(
    ("samples", "black", "white"),
    [
        (SAMPLES.astype(np.float32), 0, 1023),
        (SAMPLES[:1], 0, 1023),
        (SAMPLES, 1023, 1023),
        (SAMPLES, -1, 1023),
        (SAMPLES, 0, float("nan")),
    ],
)
def test_senseless_mosaics_are_refused(samples: np.ndarray, black: float, white: float) -> None:
    with pytest.raises(ContractError, match="mosaic"):
        Mosaic(samples, "RGGB", (black,) * 4, white)
