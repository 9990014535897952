from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relume.colour import decode_srgb
from relume.data import darkening
from relume.data.darkening.physical import Darkening
from relume.errors import ContractError

QUIET = {
    "unevenness": 0.0,
    "beyond_white": 0.0,
    "cast": 0.0,
    "shot": (1e-9, 1e-9),
    "read_electrons": (0.0, 0.0),
    "gamma": (1.0, 1.0),
    "black": 0.0,
    "jpeg": 0.0,
}
"""Nothing but less light."""


def photo(height: int = 40, width: int = 56) -> np.ndarray:
    return np.random.default_rng(1).random((height, width, 3), np.float32)


@pytest.mark.parametrize("stops", [0.0, 1.0, 3.0])
def test_stops_are_halvings_of_light(stops):
    image = photo()
    dark = Darkening(stops=(stops, stops), **QUIET)(image, random=np.random.default_rng(0))
    light = decode_srgb(image) * 2.0**-stops
    # Half a level of 8 bits, by the steepest slope of the decoding.
    assert np.abs(decode_srgb(dark) - light).max() <= 0.5 / 255 * 2.3


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    height=st.integers(1, 40),
    width=st.integers(1, 40),
)
def test_gives_levels_of_bytes_and_repeats(seed, height, width):
    image = photo(height, width)
    before = image.copy()
    one, other = (Darkening()(image, random=np.random.default_rng(seed)) for _ in range(2))
    assert one.shape == image.shape
    assert one.dtype == np.float32
    assert np.array_equal(one, other)
    assert np.array_equal(image, before)
    assert np.abs(one * 255 - np.rint(one * 255)).max() <= 1e-3
    assert 0 <= one.min() <= one.max() <= 1


def test_noise_has_the_variance_it_should():
    shot, electrons = 1e-3, 3.0
    options = {**QUIET, "shot": (shot, shot), "read_electrons": (electrons, electrons)}
    image = np.full((300, 300, 3), 0.6, np.float32)
    for smooth in (0.0, 1.0):
        model = Darkening(stops=(1.0, 1.0), smooth_noise=smooth, **options)
        light = decode_srgb(model(image, random=np.random.default_rng(0)).astype(np.float64))
        expected = shot * light.mean() + (shot * electrons) ** 2
        assert light.var() == pytest.approx(expected, rel=0.05)


def test_uneven_light_and_hidden_light_change_places():
    image = photo()
    flat = Darkening(stops=(2.0, 2.0), **QUIET)(image, random=np.random.default_rng(0))
    for option in ("unevenness", "beyond_white"):
        model = Darkening(stops=(2.0, 2.0), **{**QUIET, option: 1.0})
        changed = [model(image, random=np.random.default_rng(seed)) for seed in range(8)]
        assert any(np.abs(each - flat).max() > 0.05 for each in changed)


@pytest.mark.parametrize(
    "options",
    [{"stops": [3, 1]}, {"shot": [0, 1]}, {"gamma": [0, 1]}, {"quality": [50, 101]}],
)
def test_impossible_ranges_are_refused(options):
    with pytest.raises(ContractError, match="darkening"):
        darkening.make("physical", options)
