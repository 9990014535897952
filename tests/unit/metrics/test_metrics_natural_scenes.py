"""The statistics under NIQE, BRISQUE and PIQE, against formulas written out."""

from __future__ import annotations

from math import gamma

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relume.metrics.natural_scenes import (
    SHAPES,
    WINDOW,
    fit_asymmetric,
    fit_symmetric,
    gamma_ratio,
    halve,
    neighbours,
    normalise,
)


@settings(max_examples=20, deadline=None)
@given(height=st.integers(1, 20), width=st.integers(1, 20), seed=st.integers(0, 9))
def test_halving_is_imresize(height: int, width: int, seed: int) -> None:
    plane = np.random.default_rng(seed).random((height, width)) * 255

    def cubic(t: float) -> float:
        t = abs(t)
        if t <= 1:
            return 1.5 * t**3 - 2.5 * t**2 + 1
        return -0.5 * t**3 + 2.5 * t**2 - 4 * t + 2 if t < 2 else 0.0

    def lines(values: np.ndarray) -> np.ndarray:
        size, out = len(values), []
        for m in range(1, -(-size // 2) + 1):
            centre = 2 * m - 0.5  # 1-based, as MATLAB counts
            total, weights = 0.0, 0.0
            for i in range(2 * m - 6, 2 * m + 7):
                weight = 0.5 * cubic(0.5 * (centre - i))
                place = (i - 1) % (2 * size)
                total = total + weight * values[min(place, 2 * size - 1 - place)]
                weights += weight
            out.append(total / weights)
        return np.array(out)

    assert np.allclose(halve(plane), lines(lines(plane).T).T, atol=1e-10)


@pytest.mark.parametrize(
    ("border", "opencv"), [("edge", cv2.BORDER_REPLICATE), ("constant", cv2.BORDER_CONSTANT)]
)
def test_normalising_is_the_formula(border: str, opencv: int) -> None:
    plane = np.random.default_rng(0).integers(0, 256, (40, 37)).astype(np.float64)
    kernel = np.outer(WINDOW, WINDOW)
    mean = cv2.filter2D(plane, -1, kernel, borderType=opencv)
    spread = np.sqrt(np.abs(cv2.filter2D(plane**2, -1, kernel, borderType=opencv) - mean**2))
    ours, deviation = normalise(plane, border=border)  # type: ignore[arg-type]
    assert np.allclose(deviation, spread, atol=1e-9)
    assert np.allclose(ours, (plane - mean) / (spread + 1), atol=1e-9)


def test_flat_is_exactly_zero() -> None:
    normalised, _ = normalise(np.full((30, 30), 77.7), border="edge")
    assert not normalised.any()


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 999), power=st.floats(0.3, 3.0), tilt=st.floats(-1.0, 1.0))
def test_fits_find_the_nearest_shape(seed: int, power: float, tilt: float) -> None:
    x = np.random.default_rng(seed).normal(tilt, 1, (1, 16, 16))
    x = np.sign(x) * np.abs(x) ** power
    ratios = np.array([gamma(1 / g) * gamma(3 / g) / gamma(2 / g) ** 2 for g in SHAPES])

    shape, deviation = fit_symmetric(x)
    squares = (x**2).mean()
    brute = SHAPES[np.argmin(np.abs(squares / np.abs(x).mean() ** 2 - ratios))]
    assert shape[0] == pytest.approx(brute, abs=1.01e-3)  # a tie may fall either way
    assert deviation[0] == pytest.approx(np.sqrt(squares))

    shape, left, right = fit_asymmetric(x)
    assert left[0] == pytest.approx(np.sqrt((x[x < 0] ** 2).mean()))
    assert right[0] == pytest.approx(np.sqrt((x[x > 0] ** 2).mean()))
    balance = left[0] / right[0]
    wanted = np.abs(x).mean() ** 2 / squares
    wanted *= (balance**3 + 1) * (balance + 1) / (balance**2 + 1) ** 2
    assert shape[0] == pytest.approx(SHAPES[np.argmin((1 / ratios - wanted) ** 2)], abs=1.01e-3)


def test_fits_know_the_normal_distribution() -> None:
    x = np.random.default_rng(0).normal(0, 3, (2, 400, 400))
    shape, deviation = fit_symmetric(x)
    assert shape == pytest.approx(2.0, abs=0.03)  # 160 000 samples: about 1 %
    assert deviation == pytest.approx(3.0, abs=0.03)
    shape, left, right = fit_asymmetric(x)
    assert shape == pytest.approx(2.0, abs=0.03)
    assert left == pytest.approx(right, abs=0.05)


def test_an_empty_side_has_no_statistics() -> None:
    shape, left, right = fit_asymmetric(np.stack([np.ones((4, 4)), -np.ones((4, 4))]))
    assert np.isnan(shape).all()
    assert np.isnan(left).tolist() == [True, False]
    assert np.isnan(right).tolist() == [False, True]
    assert np.isnan(gamma_ratio(1, 3, shape)).all()


def test_gamma_ratio_is_the_functions() -> None:
    for shape in (0.2, 0.75, 2.0, 10.0):
        ours = gamma_ratio(2, 1, np.array([shape]))[0]
        assert ours == pytest.approx(gamma(2 / shape) / gamma(1 / shape), rel=1e-9)


def test_neighbours_wrap_round() -> None:
    plane = np.arange(12.0).reshape(3, 4)
    for down, right in ((0, 1), (1, 0), (1, 1), (1, -1)):
        product = neighbours(plane, shift=(down, right))
        for i in range(3):
            for j in range(4):
                assert product[i, j] == plane[i, j] * plane[(i - down) % 3, (j - right) % 4]
