"""Even light: flicker goes, dusk is followed, lamps and cuts stay as sharp as they were."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from relume.arrays import Floats, Rgb
from relume.colour import decode_srgb, encode_srgb
from relume.runs.evenness import Glimpse, corrections, glimpse, scenes, variation

DRAW = np.random.default_rng(3)
ROOM, STREET = DRAW.random((2, 24, 32, 3)) * 0.5 + 0.15
FLICKER: Floats = DRAW.normal(0, 0.15, 90)


def seen(
    light: Floats, stops: float, *, lamp: float = 0.0, seconds: float | None = None
) -> Glimpse:
    linear = decode_srgb(light) * 2.0**stops
    linear[2:10, 3:12] *= 2.0**lamp
    noisy = linear + np.random.default_rng(int(1000 * abs(stops))).normal(0, 5e-4, linear.shape)
    picture: Rgb = encode_srgb(np.clip(noisy, 0, 1)).astype(np.float32)
    return glimpse(picture, seconds=seconds)


def series(count: int, stops: Callable[[int], float]) -> list[Glimpse]:
    return [seen(ROOM, stops(index)) for index in range(count)]


def left(pictures: list[Glimpse], moves: Floats, cuts: list[int]) -> float:
    """Flicker after the corrections as a part of that before."""
    before = [one.mean for one in pictures]
    after = [one.mean + move for one, move in zip(pictures, moves, strict=True)]
    return variation(after, cuts) / variation(before, cuts)


def test_flicker_goes_and_dusk_is_followed() -> None:
    dusk = -0.03 * np.arange(60)
    pictures = series(60, lambda index: dusk[index] + FLICKER[index])
    moves = corrections(pictures)
    assert left(pictures, moves, []) < 0.1
    light = dusk + FLICKER[:60] + moves
    light -= light.mean() - dusk.mean()
    assert np.abs(light - dusk)[5:-5].max() < 0.1  # no lag: the ramp stays where it was
    assert abs(light[0] - dusk[0]) < 0.15


def test_a_lamp_that_is_switched_on_stays_as_sharp_as_it_was() -> None:
    pictures = [seen(ROOM, FLICKER[index], lamp=2.0 if index >= 25 else 0.0) for index in range(50)]
    assert scenes(pictures) == [(0, 50)]
    moves = corrections(pictures)
    assert left(pictures, moves, [25]) < 0.1
    # What the lamp adds is kept: corrections on both sides of the switch follow the flicker alone.
    assert np.ptp((moves + FLICKER[:50])[15:35]) < 0.12


def test_a_cut_is_kept_without_lag() -> None:
    pictures = [
        seen(ROOM if index < 30 else STREET, FLICKER[index] + (0.0 if index < 30 else 1.5))
        for index in range(60)
    ]
    assert scenes(pictures) == [(0, 30), (30, 60)]
    moves = corrections(pictures)
    assert left(pictures, moves, [30]) < 0.1
    assert abs((moves + FLICKER[:60])[25:30].mean()) < 0.12
    assert abs((moves + FLICKER[:60])[30:35].mean()) < 0.12


def test_a_light_that_is_switched_on_everywhere_is_a_change_of_scene() -> None:
    calm = FLICKER * 0.2
    pictures = series(40, lambda index: calm[index] + (1.5 if index >= 20 else 0.0))
    assert scenes(pictures) == [(0, 20), (20, 40)]


def test_a_leap_in_time_is_one_too() -> None:
    times = [*range(20), *range(4000, 4020)]
    pictures = [seen(ROOM, 0.0, seconds=float(time)) for time in times]
    assert scenes(pictures) == [(0, 20), (20, 40)]


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_short_series(count: int) -> None:
    moves = corrections(series(count, lambda index: FLICKER[index]))
    assert len(moves) == count
    assert np.isfinite(moves).all()


def test_what_does_not_flicker_is_left_alone() -> None:
    pictures = [seen(ROOM, 0.0)] * 20
    assert np.abs(corrections(pictures)).max() < 1e-9
    black = [glimpse(np.zeros((24, 32, 3), np.float32))] * 5
    assert np.abs(corrections(black)).max() == 0
    assert scenes(black) == [(0, 5)]


def test_what_is_black_does_not_vote() -> None:
    dark = np.zeros_like(ROOM)
    dark[:6] = ROOM[:6]  # a quarter of the picture is lit
    pictures = [seen(dark, FLICKER[index]) for index in range(30)]
    assert np.ptp(corrections(pictures) + FLICKER[:30]) < 0.5 * np.ptp(FLICKER[:30])


def test_variation_is_the_deviation_of_independent_flicker_and_blind_to_slopes() -> None:
    flicker = np.random.default_rng(0).normal(0, 0.2, 4000)
    assert variation(list(flicker), []) == pytest.approx(0.2, rel=0.05)
    assert variation([0.1 * index for index in range(50)], []) == pytest.approx(0, abs=1e-12)
    step = [0.0] * 10 + [3.0] * 10
    assert variation(step, []) == pytest.approx(3 / 54**0.5)
    assert variation(step, [10]) == 0
