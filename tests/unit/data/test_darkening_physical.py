from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relume.colour import decode_srgb
from relume.data import darkening
from relume.data.darkening.physical import Darkening, _filtered
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


@pytest.mark.parametrize("seed", range(4))
def test_filtered_noise_keeps_its_spread_and_colour_is_the_coarser(seed):
    """The spread is kept to within 5 %: half a spectrum counts its first column twice."""
    noise = np.random.default_rng(seed).standard_normal((200, 180, 3), np.float32)
    found = _filtered(noise, luma=0.6, colour=2.5, share=1.0, part=1.0)
    gray = found.mean(axis=2, keepdims=True)
    assert gray.std() == pytest.approx(3**-0.5, rel=0.05)
    assert (found - gray).std() == pytest.approx((2 / 3) ** 0.5, rel=0.05)

    def likeness(values):
        return (values[:, 1:] * values[:, :-1]).mean() / values.var()

    assert likeness(found - gray) > 0.9 > 0.7 > likeness(gray) > 0.3


def test_grain_and_banding_are_drawn_only_where_asked():
    image = photo()
    plain, same = (
        Darkening(**options)(image, random=np.random.default_rng(3))
        for options in ({}, {"luma_grain": (1.0, 2.0)})
    )
    assert np.array_equal(plain, same)
    for option in ("grain", "banding"):
        model = Darkening(stops=(1.0, 1.0), shot=(1e-3, 1e-3), **{option: 1.0})
        assert not np.array_equal(plain, model(image, random=np.random.default_rng(3)))


def test_uneven_light_and_hidden_light_change_places():
    image = photo()
    flat = Darkening(stops=(2.0, 2.0), **QUIET)(image, random=np.random.default_rng(0))
    for option in ("unevenness", "beyond_white"):
        model = Darkening(stops=(2.0, 2.0), **{**QUIET, option: 1.0})
        changed = [model(image, random=np.random.default_rng(seed)) for seed in range(8)]
        assert any(np.abs(each - flat).max() > 0.05 for each in changed)


def test_in_the_shade_is_less_light_than_beside_it():
    image = photo()
    options = {**QUIET, "stops": (4.0, 4.0)}
    even = Darkening(**options)(image, random=np.random.default_rng(3))
    shaded = Darkening(**options, shade=1.0)(image, random=np.random.default_rng(3))
    lost = decode_srgb(image).mean(axis=2) / np.maximum(decode_srgb(shaded).mean(axis=2), 1e-4)
    assert (shaded >= even - 1.5 / 255).all()  # a level, where noise turns the rounding
    assert lost.max() > 4 * lost.min()


def room() -> np.ndarray:
    """Return a bright window in a darker wall, with the grain of things."""
    image = np.full((80, 120, 3), 0.35, np.float32)
    image[20:60, 30:70] = 0.8
    return image + 0.02 * np.random.default_rng(2).random(image.shape, np.float32)


def test_the_rest_may_lack_no_light_at_all():
    image, options = room(), {**QUIET, "stops": (4.0, 4.0), "shade": 1.0}
    brightest = {
        lit: [
            np.quantile(
                Darkening(**options, lit=lit)(image, random=np.random.default_rng(seed)) / image,
                0.95,
            )
            for seed in range(6)
        ]
        for lit in (0.0, 1.0)
    }
    # Borders are soft: now and then even the lightest place stands partly in the shade.
    assert np.median(brightest[1.0]) > 0.98
    assert np.median(brightest[0.0]) < 0.8


def test_a_second_light_only_adds():
    image, options = room(), {**QUIET, "stops": (4.0, 4.0), "shade": 1.0}
    one, two = (
        [
            Darkening(**options, **more)(image, random=np.random.default_rng(seed))
            for seed in range(6)
        ]
        for more in ({}, {"second_light": 1.0})
    )
    assert all((more >= less - 1.5 / 255).all() for more, less in zip(two, one, strict=True))
    assert any(more.mean() > less.mean() + 0.02 for more, less in zip(two, one, strict=True))


@pytest.mark.parametrize(
    "options",
    [
        {"stops": [3, 1]},
        {"shot": [0, 1]},
        {"gamma": [0, 1]},
        {"quality": [50, 101]},
        {"colour_grain": [2]},
    ],
)
def test_impossible_ranges_are_refused(options):
    with pytest.raises(ContractError, match="darkening"):
        darkening.make("physical", options)
