"""What was meant to be dark is told from what was taken too dark."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

import relume
from fake.dark_on_purpose import screen, sky
from fake.night import night
from relume.auto import choose
from relume.auto.scene import is_drawn, is_starry
from relume.colour import decode_srgb, encode_srgb
from shared import need_shared


@pytest.mark.parametrize("paper", [0, 28])
def test_a_dark_screen_is_left_alone(paper: int) -> None:
    image = screen(paper)
    assert is_drawn(image)
    assert choose(image).method == "identity"
    assert np.array_equal(relume.enhance(image), image)


@pytest.mark.parametrize("quality", [75, 85, 95])
def test_a_dark_screen_saved_as_jpeg_is_one_still(quality: int) -> None:
    file = BytesIO()
    Image.fromarray(screen()).save(file, "jpeg", quality=quality)
    assert choose(np.asarray(Image.open(file))).method == "identity"


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("size", [(400, 600), (901, 1203)])
def test_a_sky_of_stars_stays_a_night(dtype: str, size: tuple[int, int]) -> None:
    image = sky(height=size[0], width=size[1])
    if dtype == "uint16":
        image = image.astype(np.uint16) * 257
    elif dtype == "float32":
        image = (image / 255).astype(np.float32)
    assert is_starry(image)
    assert choose(image).method == "identity"
    assert is_starry(image[..., 1])


def test_a_photo_taken_too_dark_is_neither() -> None:
    image = np.rint(night(300, 400) * 255).astype(np.uint8)
    assert not is_drawn(image)
    assert not is_starry(image)


def test_a_lamp_in_a_black_room_is_no_sky() -> None:
    image = np.zeros((300, 400, 3), np.uint8)
    image[100:160, 200:260] = 255
    assert not is_starry(image)


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (40, 1), (23, 23), (24, 24), (25, 47)])
def test_any_size(size: tuple[int, int]) -> None:
    image = np.full((*size, 3), 7, np.uint8)
    assert not is_drawn(image)
    assert not is_starry(image)


def test_a_dark_photo_with_a_few_stops_of_sky_is_lifted() -> None:
    image = sky(stars=0)
    light = decode_srgb(image[200:] / 255.0) * np.linspace(0.2, 4, 600)[None, :, None]
    image[200:] = np.rint(encode_srgb(np.clip(light, 0, 1)) * 255)
    assert choose(image).method == "relume"


def test_no_training_photo_is_taken_for_either() -> None:
    for name in ("dark", "lol-our485/low"):
        for path in sorted(need_shared("data", "train", *name.split("/")).iterdir())[::37]:
            image = relume.read(path).pixels
            assert not is_drawn(image), path.name
            assert not is_starry(image), path.name
