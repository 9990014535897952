"""The darkening curve against published values, and what its options promise."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relume.data.darkening import make
from relume.data.darkening.curve import Darkening, Draw, darken
from relume.errors import ContractError
from shared import need_shared

UNSPOILT: dict[str, Any] = {"blur": 0.0, "squares": 0.0, "noise": [0.0, 0.0]}


def photo(height: int = 24, width: int = 32) -> np.ndarray:
    return np.random.default_rng(3).random((height, width, 3), np.float32)


@pytest.mark.parametrize(
    ("alpha", "k", "l"), [(0.0, 0.0, 0.0), (0.1, 0.05, 0.3), (0.25, 0.2, 0.7), (0.299, 0.4, 0.95)]
)
def test_equals_the_published_curve(alpha: float, k: float, l: float) -> None:  # noqa: E741
    with np.load(need_shared("reference", "hvr_training.npz")) as stored:
        normal, dark = stored["normal"], stored[f"dark_a{alpha}_k{k}_l{l}"]
    np.testing.assert_allclose(darken(normal, alpha=alpha, k=k, l=l), dark, rtol=1e-5, atol=1e-9)


def test_k_crushes_blacks_l_lowers_the_white_alpha_bends() -> None:
    ramp = np.linspace(0, 1, 11)
    assert darken(ramp, alpha=0, k=0, l=0) == pytest.approx(ramp, abs=1e-5)
    assert darken(ramp, alpha=0, k=0.35, l=0)[:4].max() == 0
    assert darken(ramp, alpha=0.1, k=0.2, l=0.75)[-1] == pytest.approx(0.25)
    assert darken(ramp, alpha=0.3, k=0, l=0)[5] < 0.05


@settings(max_examples=30, deadline=None)
@given(
    height=st.integers(1, 20),
    width=st.integers(1, 20),
    seed=st.integers(0, 999),
    progress=st.floats(0, 1),
)
def test_any_picture_stays_in_range_on_8_bit_levels(
    height: int, width: int, seed: int, progress: float
) -> None:
    image = photo(height, width)
    before = image.copy()
    spoilt = Darkening(blur=0.5, squares=0.5, grain=(0.0, 0.1), grain_smooth=0.5)
    dark = spoilt(image, random=np.random.default_rng(seed), progress=progress)
    assert dark.shape == image.shape
    assert dark.dtype == np.float32
    assert 0 <= dark.min() <= dark.max() <= 1
    assert np.abs(dark * 255 - np.rint(dark * 255)).max() < 1e-4
    assert np.array_equal(image, before)
    again = spoilt(image, random=np.random.default_rng(seed), progress=progress)
    assert np.array_equal(dark, again)


def test_rounds_down_and_keeps_a_picture_that_no_parameter_changes() -> None:
    none = {"low": 0.0, "high": 0.0}
    same = make("curve", {"alpha": none, "k": none, "l": none, **UNSPOILT})
    image = np.full((4, 4, 3), 100.9 / 255, np.float32)
    assert same(image, random=np.random.default_rng(0)) == pytest.approx(100 / 255, abs=1e-6)


def test_draws_follow_their_distributions() -> None:
    random = np.random.default_rng(0)
    published = Darkening()
    kinds = (published.alpha, published.k, published.l)
    alphas, ks, ls = ([draw(random) for _ in range(4000)] for draw in kinds)
    assert 0 <= min(alphas) < 0.005
    assert 0.295 < max(alphas) <= 0.3
    assert np.mean(alphas) == pytest.approx(0.15, abs=0.005)
    # Half normal, of standard deviations 0.1 and 0.2375: means √(2/π)·σ.
    assert np.mean(ks) == pytest.approx(0.0798, abs=0.004)
    assert np.mean(ls) == pytest.approx(0.1895, abs=0.01)
    assert max(ls) <= 0.95
    assert all(value == round(value, 3) for value in alphas)
    assert 0.0 <= Draw(0.5, 0.6, mean=-50.0, deviation=0.1)(random) <= 0.6


@pytest.mark.parametrize("schedule", ["linear", "sigmoid"])
def test_distributions_move_with_progress(schedule: str) -> None:
    end = {"low": 0.9, "high": 0.9}
    still = {"low": 0.0, "high": 0.0}
    options = {"alpha": still, "k": still, "l": still, "l_end": end, "schedule": schedule}
    moving = make("curve", {**options, **UNSPOILT})
    white = np.ones((2, 2, 3), np.float32)

    def level(progress: float) -> float:
        return float(moving(white, random=np.random.default_rng(0), progress=progress).mean())

    assert level(0) == 1
    assert level(0.5) == pytest.approx(0.55, abs=1 / 255)
    assert level(1) == pytest.approx(0.1, abs=1 / 255)
    early = level(0.1)
    assert early == pytest.approx(0.91, abs=1 / 255) if schedule == "linear" else early > 0.93


def test_noise_blurs_and_squares_do_what_they_say() -> None:
    none = {"low": 0.0, "high": 0.0}
    still = {"alpha": none, "k": none, "l": none, **UNSPOILT}
    gray = np.full((64, 64, 3), 0.5, np.float32)

    def made(**options: Any) -> np.ndarray:
        return make("curve", {**still, **options})(gray, random=np.random.default_rng(1))

    # 0.9·127/255 + 0.1·U: deviation 0.1/√12; rounding down takes half a level.
    noisy = made(noise=[0.1, 0.1])
    assert noisy.std() == pytest.approx(0.1 / 12**0.5, rel=0.03)
    assert noisy.mean() == pytest.approx(0.9 * 127 / 255 + 0.05 - 0.5 / 255, abs=1e-3)
    for smooth in (0.0, 1.0):
        assert made(grain=[0.02, 0.02], grain_smooth=smooth).std() == pytest.approx(0.02, rel=0.05)
    changed = (made(squares=1.0) != np.float32(127 / 255)).any(axis=2).mean()
    assert changed == 1 or 0.05 < changed <= 0.1
    line = np.zeros((33, 33, 3), np.float32)
    line[:, 16] = 1
    for seed in range(6):
        blurred = make("curve", {**still, "blur": 1.0})(line, random=np.random.default_rng(seed))
        assert 0.05 < blurred[16, 16, 0] < 1
        assert blurred[16].sum() == pytest.approx(3, rel=0.1)


@pytest.mark.parametrize(
    "options",
    [
        {"alpha": {"low": 0.4, "high": 0.2}},
        {"l": {"low": 0.0, "high": 1.0}},
        {"noise": [0.2, 0.1]},
        {"blur": 1.5},
        {"squares_side": [0, 2]},
        {"grain": [-1.0, 0.0]},
    ],
)
def test_refuses_options_that_make_no_sense(options: dict[str, Any]) -> None:
    with pytest.raises(ContractError, match="darkening curve"):
        make("curve", options)
