"""A photo refuses pixels that do not belong together."""

from __future__ import annotations

import numpy as np
import pytest

from relume.errors import ContractError
from relume.photo import Photo

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
