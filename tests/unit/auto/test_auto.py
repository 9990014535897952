"""`auto` lifts what was taken too dark and leaves alone what is as it should be."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import relume
from fake.night import night
from relume.auto import choose
from relume.colour import decode_srgb, encode_srgb, value


def photo(*, stops: float = 0.0) -> np.ndarray:
    """A generated photo that uses the whole scale, `stops` underexposed."""
    random = np.random.default_rng(3)
    levels = np.sort(random.beta(2, 2, 200 * 300)).reshape(200, 300, 1)
    light = decode_srgb(np.clip(levels * [1.0, 0.9, 0.8] * 1.06, 0, 1)) * 2.0**-stops
    return np.rint(encode_srgb(light) * 255).astype(np.uint8)


def test_a_well_exposed_photo_is_left_alone() -> None:
    image = photo()
    assert np.array_equal(relume.enhance(image), image)
    assert choose(image).method == "identity"


@pytest.mark.parametrize("stops", [1, 2, 3, 4])
def test_an_underexposed_photo_comes_back(stops: int) -> None:
    error = relume.enhance(photo(stops=stops)).astype(float) - photo()
    # Rounding to 8 bits in the dark leaves steps of about 2^stops levels.
    assert np.abs(error).mean() < 6 + 2**stops / 2


@pytest.fixture
def backlit() -> np.ndarray:
    """Shadows five stops under, below a bright gradient."""
    image = photo(stops=5)
    image[:30] = np.linspace(180, 250, 300, dtype=np.uint8)[None, :, None]
    return image


def test_shadows_beside_full_highlights_are_lifted_and_the_highlights_not_clipped(
    backlit: np.ndarray,
) -> None:
    assert choose(backlit).method == "relume"
    out = relume.enhance(backlit)
    assert out[50:].mean() > 3 * backlit[50:].mean()
    assert np.ptp(out[:20, :, 1].mean(axis=0)) > 10
    assert (out[:20] == 255).mean() < 0.05


def test_fusion_lifts_less_and_keeps_more_of_the_highlights(backlit: np.ndarray) -> None:
    out = relume.enhance(backlit, method="fusion")
    assert out[50:].mean() > 1.5 * backlit[50:].mean()
    assert np.ptp(out[:20, :, 1].mean(axis=0)) > 20
    assert (out[:20] == 255).mean() < 0.05


def test_a_scene_dark_by_intent_is_hardly_lifted() -> None:
    image = photo(stops=1)
    image[:10] = 255
    assert choose(image).method == "relume"
    assert relume.enhance(image).mean() < 1.25 * image.mean()


@given(st.sampled_from(["uint8", "uint16", "float32"]), st.integers(1, 40), st.integers(1, 40))
def test_decides_for_any_picture(dtype: str, height: int, width: int) -> None:
    image = night(height, width)
    if dtype != "float32":
        image = np.rint(image * np.iinfo(dtype).max).astype(dtype)
    choice = choose(image)
    assert choice.reason
    assert "\n" not in choice.reason


@pytest.mark.parametrize("level", [0, 1, 128, 255])
def test_flat_pictures(level: int) -> None:
    image = np.full((5, 4, 3), level, np.uint8)
    out = relume.enhance(image)
    assert out.min() == out.max()
    assert out.max() >= level
    assert level != 0 or out.max() == 0


def test_dark_colours_of_one_brightness_are_no_flat_picture() -> None:
    image = np.zeros((60, 90, 3), np.uint8)
    for channel in range(3):
        image[:, 30 * channel : 30 * channel + 30, channel] = 20
    assert choose(image).method == "relume"
    assert relume.enhance(image).mean() > 2 * image.mean()


def test_the_aim_is_met_where_the_highlights_allow() -> None:
    image = photo(stops=2)
    lifted = value(relume.enhance(image) / 255.0)
    assert 0.4 < lifted.mean() < 0.6


def test_reasons_are_for_people(backlit: np.ndarray) -> None:
    reasons = {choose(photo(stops=stops)).reason for stops in (0, 1, 3, 5)}
    reasons.add(choose(backlit).reason)
    assert choose(backlit).reason == "bright light beside deep shadow"
    assert "well exposed, left alone" in reasons
    assert any(reason.endswith("stops dark") for reason in reasons)
    for reason in reasons:
        assert "room" not in reason
        assert "−" not in reason
        assert "-0" not in reason
