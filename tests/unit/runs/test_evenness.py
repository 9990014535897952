"""Even light: flicker goes, dusk is followed, lamps and cuts stay as sharp as they were."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from relume.arrays import Floats, Rgb
from relume.colour import decode_srgb, encode_srgb
from relume.runs.evenness import Glimpse, Move, corrections, glimpse, scenes, variation
from relume.runs.series import toned

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


def left(pictures: list[Glimpse], moves: list[Move], cuts: list[int]) -> float:
    """Flicker after the corrections as a part of that before."""
    before = [one.mean for one in pictures]
    after = [moved(one, move).mean() for one, move in zip(pictures, moves, strict=True)]
    return variation(after, cuts) / variation(before, cuts)


def moved(picture: Glimpse, move: Move) -> Floats:
    stops = picture.stops.astype(np.float64)
    return stops + move.at(stops)


def sides(moves: list[Move]) -> Floats:
    """Corrections in the dark and in the light, (pictures, 2)."""
    return np.array([(move.dark, move.bright) for move in moves])


def test_flicker_goes_and_dusk_is_followed() -> None:
    dusk = -0.03 * np.arange(60)
    pictures = series(60, lambda index: dusk[index] + FLICKER[index])
    moves = corrections(pictures)
    assert left(pictures, moves, []) < 0.1
    for side in sides(moves).T:
        light = dusk + FLICKER[:60] + side
        light -= light.mean() - dusk.mean()
        assert np.abs(light - dusk)[5:-5].max() < 0.1  # no lag: the ramp stays where it was
        assert abs(light[0] - dusk[0]) < 0.15


def test_a_lamp_that_is_switched_on_stays_as_sharp_as_it_was() -> None:
    pictures = [seen(ROOM, FLICKER[index], lamp=2.0 if index >= 25 else 0.0) for index in range(50)]
    assert scenes(pictures) == [(0, 50)]
    moves = corrections(pictures)
    assert left(pictures, moves, [25]) < 0.1
    # What the lamp adds is kept: corrections on both sides of the switch follow the flicker alone.
    for side in sides(moves).T:
        assert np.ptp((side + FLICKER[:50])[15:35]) < 0.12


def test_a_cut_is_kept_without_lag() -> None:
    pictures = [
        seen(ROOM if index < 30 else STREET, FLICKER[index] + (0.0 if index < 30 else 1.5))
        for index in range(60)
    ]
    assert scenes(pictures) == [(0, 30), (30, 60)]
    moves = corrections(pictures)
    assert left(pictures, moves, [30]) < 0.1
    for side in sides(moves).T:
        assert abs((side + FLICKER[:60])[25:30].mean()) < 0.12
        assert abs((side + FLICKER[:60])[30:35].mean()) < 0.12


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
    assert np.isfinite(sides(moves)).all() if moves else count == 0


def test_what_does_not_flicker_is_left_alone() -> None:
    pictures = [seen(ROOM, 0.0)] * 20
    assert np.abs(sides(corrections(pictures))).max() < 1e-9
    black = [glimpse(np.zeros((24, 32, 3), np.float32))] * 5
    assert np.abs(sides(corrections(black))).max() == 0
    assert scenes(black) == [(0, 5)]


def test_what_is_black_does_not_vote() -> None:
    dark = np.zeros_like(ROOM)
    dark[:6] = ROOM[:6]  # a quarter of the picture is lit
    pictures = [seen(dark, FLICKER[index]) for index in range(30)]
    for side in sides(corrections(pictures)).T:
        assert np.ptp(side + FLICKER[:30]) < 0.5 * np.ptp(FLICKER[:30])


def test_shadows_that_move_against_the_lights_are_evened_apart() -> None:
    """As where an exposure hunts and a method brings each picture to one brightness."""
    light = np.linspace(-9, -1, 768).reshape(24, 32)
    against = FLICKER[:30, None, None] * np.interp(light, [-8, -2], [1.0, -0.5])
    pictures = [Glimpse((light + one).astype(np.float16)) for one in against]
    after = [moved(one, move) for one, move in zip(pictures, corrections(pictures), strict=True)]
    for part in (slice(0, 8), slice(16, 24)):
        flicker = [float(one[part].mean()) for one in after]
        before = [float(one.stops[part].astype(np.float64).mean()) for one in pictures]
        assert variation(flicker, []) < 0.3 * variation(before, [])


def test_a_lamp_over_much_of_the_picture_is_kept() -> None:
    def lit(index: int) -> Glimpse:
        linear = decode_srgb(ROOM) * 2.0 ** FLICKER[index]
        linear[:10] *= 3.0 if index >= 25 else 1.0
        return glimpse(encode_srgb(np.clip(linear, 0, 1)).astype(np.float32))

    moves = corrections([lit(index) for index in range(50)])
    for side in sides(moves).T:
        assert np.ptp((side + FLICKER[:50])[15:35]) < 0.2


@pytest.mark.parametrize(
    ("dark", "bright"), [(0.5, -0.3), (-0.5, 0.4), (0.0, 0.0), (0.3, 0.3), (0.2, -0.6)]
)
def test_no_correction_turns_dark_and_bright_around(dark: float, bright: float) -> None:
    luma = np.linspace(0, 1, 1025)
    after = toned(luma, move=Move(dark, bright, -6.0, -2.0))
    assert (np.diff(after) > 0).all()
    assert (after[0], after[-1]) == (0.0, pytest.approx(1.0))  # white stays white
    for index, stops in ((8, dark), (600, bright)):
        light, before = decode_srgb(after[index]), decode_srgb(luma[index])
        assert np.log2(light / before) == pytest.approx(stops, abs=1e-3)


def test_variation_is_the_deviation_of_independent_flicker_and_blind_to_slopes() -> None:
    flicker = np.random.default_rng(0).normal(0, 0.2, 4000)
    assert variation(list(flicker), []) == pytest.approx(0.2, rel=0.05)
    assert variation([0.1 * index for index in range(50)], []) == pytest.approx(0, abs=1e-12)
    step = [0.0] * 10 + [3.0] * 10
    assert variation(step, []) == pytest.approx(3 / 54**0.5)
    assert variation(step, [10]) == 0
