"""Lift: gains, a bias and a gamma whose logarithms are lines over a pixel's own log luma."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from render_reference import TOP, enlarged
from render_strategies import a_picture, dtypes, seeds, sizes, strengths

from relume.errors import ContractError
from relume.render import Lift, Noise, apply, centred, restoration
from relume.render.kernel import kernel
from relume.render.samples import dither

OFF = {"uint8": 0.51, "uint16": 1.0, "float32": 6e-6}
"""In levels: rounding to nearest; single precision, of which a gamma of 4 makes four times as much.
"""


def a_lift(rng: np.random.Generator, size: tuple[int, int]) -> Lift:
    small = (int(rng.integers(1, 9)), int(rng.integers(1, 9)))
    slope = rng.uniform(-1, 1, (*small, 5)).astype(np.float32)
    offset = rng.uniform(-1, [2, 2, 2, 2, 1], (*small, 5)).astype(np.float32)
    return Lift(slope, offset, centred(small, size))


def reference(lift: Lift, picture: np.ndarray, strength: float) -> np.ndarray:
    top = TOP[picture.dtype.name]
    unit = picture.astype(np.float64).reshape(*picture.shape[:2], -1) / top
    slope, offset = (
        enlarged(values, lift.grid, *picture.shape[:2]) for values in (lift.slope, lift.offset)
    )
    if unit.shape[2] == 1:
        slope, offset = (
            np.concatenate((values[..., :3].mean(2, keepdims=True), values[..., 3:]), axis=2)
            for values in (slope, offset)
        )
        luma = unit
    else:
        luma = (unit * (0.299, 0.587, 0.114)).sum(axis=2, keepdims=True)
    maps = np.exp(slope * np.log2(255 * luma + 1) / 8 + offset)
    z = np.minimum(maps[..., :-2] * unit, 1)
    k = maps[..., -2:-1]
    after = np.clip((k * z / (1 + (k - 1) * z) + 1e-4) ** maps[..., -1:], 0, 1)
    return (top * np.clip(unit + strength * (after - unit), 0, 1)).reshape(picture.shape)


@settings(max_examples=80, deadline=None)
@given(dtype=dtypes, size=sizes, gray=st.booleans(), strength=strengths, seed=seeds)
def test_is_the_formula(dtype, size, gray, strength, seed):
    rng = np.random.default_rng(seed)
    picture, lift = a_picture(rng, dtype, size, gray), a_lift(rng, size)
    expected = reference(lift, picture, strength)
    for chosen in ("", "kernel", "numpy"):
        with pytest.MonkeyPatch.context() as patch:
            if chosen == "kernel":  # as where vectors were not compiled
                patch.setattr(restoration, "vector_lift", lambda: None)
            else:
                patch.setenv("RELUME_KERNEL", chosen)
            result = apply(lift, picture, strength=strength)
        assert result.dtype == picture.dtype
        assert np.abs(result - expected).max() <= OFF[dtype] * max(1, strength)


@settings(max_examples=40, deadline=None)
@given(dtype=dtypes, size=sizes, gray=st.booleans(), strength=strengths, seed=seeds)
def test_takes_noise_away_before_it_lifts(dtype, size, gray, strength, seed):
    rng = np.random.default_rng(seed)
    picture, lift = a_picture(rng, dtype, size, gray), a_lift(rng, size)
    deep = 1 if gray else 3
    top, left = (int(number) for number in rng.integers(0, 5, 2))
    planes = rng.uniform(-0.5, 0.5, (deep, size[0] + top + 2, size[1] + left)).astype(np.float32)
    amount = rng.random((*lift.slope.shape[:2], 1), np.float32)
    here = planes[:, top : top + size[0], left : left + size[1]].transpose(1, 2, 0)
    unit = picture.reshape(*size, -1) / TOP[dtype]
    without = np.clip(np.sqrt(unit) - here, 0, 1) ** 2
    if not gray:
        luma = (without * (0.299, 0.587, 0.114)).sum(axis=2, keepdims=True)
        hardly = (2 / 255) ** 2
        without += hardly / (hardly + luma**2) * (luma - without)
    quiet = unit + enlarged(amount, lift.grid, *size) * (without - unit)
    exact = reference(lift, quiet.astype(np.float32).reshape(picture.shape), 1.0)
    expected = TOP[dtype] * np.clip(
        (unit + strength * (exact.reshape(unit.shape) - unit)), 0, 1
    ).reshape(picture.shape)
    calm = Lift(lift.slope, lift.offset, lift.grid, Noise(planes, (top, left), amount))
    for chosen in ("", "numpy"):
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("RELUME_KERNEL", chosen)
            result = apply(calm, picture, strength=strength, threads=2)
        # The picture without noise in single precision, of which a steep curve makes more.
        slack = {"uint8": 0.05, "uint16": 4.0, "float32": 6e-5}[dtype]
        assert np.abs(result - expected).max() <= (OFF[dtype] + slack) * max(1, strength)


def test_dither_is_even_small_and_unlike_its_neighbours():
    found = dither((256, 300), first=(5, 65530))
    assert np.abs(found).max() < 0.5
    assert abs(found.mean()) < 0.002
    assert abs(found.std() - 12**-0.5) < 0.002
    for across in (found[:, 1:] * found[:, :-1], found[1:] * found[:-1], found[8:] * found[:-8]):
        assert abs(across.mean()) < 0.001
    assert np.array_equal(dither((3, 4), first=(10, 65540)), found[5:8, 10:14])


@settings(max_examples=40, deadline=None)
@given(dtype=dtypes, size=sizes, gray=st.booleans(), strength=strengths, seed=seeds)
def test_dithers_bytes_only(dtype, size, gray, strength, seed):
    rng = np.random.default_rng(seed)
    picture, plain = a_picture(rng, dtype, size, gray), a_lift(rng, size)
    first = (int(rng.integers(0, 70000)), 7)
    moved = Lift(plain.slope, plain.offset, plain.grid, dither=first)
    expected = reference(plain, picture, strength)
    if dtype == "uint8":
        added = dither(size, first=first)
        expected = expected + (added if gray else added[..., None])
    for chosen in ("", "numpy"):
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("RELUME_KERNEL", chosen)
            result = apply(moved, picture, strength=strength, threads=2)
            kept = apply(moved, picture, strength=0)
        assert np.abs(result - expected).max() <= OFF[dtype] * max(1, strength)
        assert np.array_equal(kept, picture)


@pytest.mark.parametrize("chosen", ["", "numpy"])
def test_dithered_steps_have_the_mean_they_should(chosen, monkeypatch):
    """A curve that flattens four levels into one still gives each its own mean."""
    monkeypatch.setenv("RELUME_KERNEL", chosen)
    offset = np.zeros((1, 1, 5), np.float32)
    offset[..., :3] = -np.log(4)
    picture = np.repeat(np.repeat([[100, 101, 102, 103]], 128, 1), 128, 0).astype(np.uint8)
    picture = np.repeat(picture[..., None], 3, axis=2)
    grid = centred((1, 1), (128, 512))
    for first, least in ((None, 0), ((0, 0), 0.2)):
        lift = Lift(np.zeros_like(offset), offset, grid, dither=first)
        levels = apply(lift, picture).astype(float)
        means = levels.reshape(128, 4, 128, 3).mean(axis=(0, 2, 3))
        assert np.ptp(levels, axis=2).max() == 0
        assert np.diff(means).min() >= least
    assert np.abs(np.diff(means) - 0.25).max() < 0.03


@pytest.mark.parametrize(
    "noise",
    [
        Noise(np.zeros((1, 4, 5), np.float32), (0, 0), np.zeros((2, 3, 1), np.float32)),
        Noise(np.zeros((3, 4, 5), np.float64), (0, 0), np.zeros((2, 3, 1), np.float32)),
        Noise(np.zeros((3, 4, 5), np.float32), (1, 0), np.zeros((2, 3, 1), np.float32)),
        Noise(np.zeros((3, 9, 9), np.float32), (0, -1), np.zeros((2, 3, 1), np.float32)),
        Noise(np.zeros((3, 4, 5), np.float32), (0, 0), np.zeros((2, 2, 1), np.float32)),
        Noise(np.zeros((3, 4, 5), np.float32), (0, 0), np.full((2, 3, 1), 2, np.float32)),
    ],
)
def test_noise_that_does_not_fit_is_refused(noise):
    maps = np.zeros((2, 3, 5), np.float32)
    with pytest.raises(ContractError, match=r"noise|amount"):
        apply(Lift(maps, maps, centred((2, 3), (4, 5)), noise), np.zeros((4, 5, 3), np.uint8))


def test_brighter_stays_brighter():
    """At equal maps the curve never turns back, and black and white stay within a level."""
    ramp = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=2)
    for exponents in ((1.5, 1, 0), (3, 2, 0.6), (-0.3, -1, 0.7)):
        gain, bias, gamma = exponents
        offset = np.array([gain, gain, gain, bias, gamma], np.float32).reshape(1, 1, 5)
        lift = Lift(np.zeros_like(offset), offset, centred((1, 1), (1, 256)))
        levels = apply(lift, ramp)[0, :, 0].astype(int)
        assert (np.diff(levels) >= 0).all()
        assert levels[0] <= 1
        if gain >= 0:
            assert levels[-1] == 255


def test_a_piece_is_the_piece_of_the_whole():
    rng = np.random.default_rng(3)
    picture, lift = a_picture(rng, "uint8", (90, 70), gray=False), a_lift(rng, (90, 70))
    whole = apply(lift, picture)
    assert np.array_equal(apply(lift, picture, threads=3), whole)


def test_maps_of_another_depth_are_refused():
    picture = np.zeros((4, 5, 3), np.uint8)
    good = np.zeros((2, 3, 5), np.float32)
    grid = centred((2, 3), (4, 5))
    for slope, offset in ((good[..., :3], good[..., :3]), (good, good[:1]), (good * np.nan, good)):
        with pytest.raises(ContractError, match="map"):
            apply(Lift(slope, offset, grid), picture)


@pytest.mark.skipif(kernel() is None, reason="needs the compiled kernel")
@pytest.mark.parametrize(
    ("place", "wrong", "message"),
    [
        (0, np.zeros(59, np.uint8), "source: expected 60"),
        (3, (4, 5, 1), "maps: expected a gain per channel"),
        (3, (4, 5, 2), "channels"),
        (4, np.zeros((2, 3, 4), np.float32), "map: expected 120"),
        (5, (2, 3, 3), "maps: expected a gain per channel"),
        (5, (2**32, 2**28, 5), "sizes"),
        (6, np.array([0, 1, 2, 0], np.int32), "row: index 2"),
        (8, np.zeros(4, np.int32), "column: expected 20"),
        (11, np.zeros((2, 3, 4), np.float32), "offset: expected 120"),
    ],
)
def test_the_compiled_call_refuses(place, wrong, message):
    code = kernel()
    assert code is not None
    picture, maps = np.zeros((4, 5, 3), np.uint8), np.zeros((2, 3, 5), np.float32)
    rows, columns = np.zeros(4, np.int32), np.zeros(5, np.int32)
    weights = [np.zeros(4, np.float32), np.zeros(5, np.float32)]
    good = [picture, picture.copy(), 1, (4, 5, 3), maps, (2, 3, 5)]
    good += [rows, weights[0], columns, weights[1], 1.0, maps, (-1, 0)]
    code.lift(*good)
    good[place] = wrong
    with pytest.raises(ValueError, match=message):
        code.lift(*good)


@pytest.mark.skipif(kernel() is None, reason="needs the compiled kernel")
@pytest.mark.parametrize(
    ("place", "wrong", "message"),
    [
        (3, (4, 5, 1), "noise: expected|maps: expected"),
        (4, np.zeros((2, 3, 5), np.float32), "map: expected 144"),
        (5, (2, 3, 5), "maps: expected"),
        (13, np.zeros((3, 5, 5), np.float32), "noise: expected 360"),
        (14, (6, 5, 3, 0), "noise: the band"),
        (14, (6, 5, -1, 0), "noise: the band"),
        (14, (6, 5, 0, 2**62), "noise: the band"),
        (14, (2**62, 2**62, 0, 0), "sizes"),
        (14, (0, 5, 0, 0), "sizes"),
    ],
)
def test_the_compiled_call_with_noise_refuses(place, wrong, message):
    code = kernel()
    assert code is not None
    picture, maps = np.zeros((4, 5, 3), np.uint8), np.zeros((2, 3, 6), np.float32)
    rows, columns = np.zeros(4, np.int32), np.zeros(5, np.int32)
    weights = [np.zeros(4, np.float32), np.zeros(5, np.float32)]
    good = [picture, picture.copy(), 1, (4, 5, 3), maps, (2, 3, 6)]
    good += [rows, weights[0], columns, weights[1], 1.0, maps]
    good += [(0, 0), np.zeros((3, 6, 5), np.float32), (6, 5, 2, 0)]
    code.lift_clean(*good)
    good[place] = wrong
    with pytest.raises(ValueError, match=message):
        code.lift_clean(*good)
