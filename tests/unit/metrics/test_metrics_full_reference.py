"""Metrics that compare with a reference, against independent implementations and known values."""

from __future__ import annotations

from math import inf, log10
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from relume.errors import ContractError, UnknownNameError
from relume.metrics.ciede2000 import between, ciede2000, ciede2000_p95, difference_map, to_lab
from relume.metrics.mae import mae
from relume.metrics.mse import mse
from relume.metrics.psnr import psnr
from relume.metrics.scorer import scorer
from relume.metrics.ssim import ssim
from shared import need_shared

WINDOWS = {"gauss11": 11, "uniform7": 7, "uniform3": 3}


def pair(height: int, width: int, seed: int = 0) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Two pictures that have something in common."""
    random = np.random.default_rng(seed)
    one = cv2.GaussianBlur(random.random((height, width, 3)), (0, 0), 1.5) * 255
    other = 0.7 * one + random.normal(0, 8, one.shape)
    return tuple(np.clip(side, 0, 255).astype(np.uint8) for side in (one, other))


def ssim_by_opencv(x: NDArray[Any], y: NDArray[Any], *, window: str) -> float:
    """The formula as printed, with OpenCV's filters and five separate moments."""
    side = WINDOWS[window]
    line = cv2.getGaussianKernel(11, 1.5) if window == "gauss11" else np.full((side, 1), 1 / side)
    unbiased = 1.0 if window == "gauss11" else side**2 / (side**2 - 1)
    inside = (slice(side // 2, -(side // 2)),) * 2

    def mean(plane: NDArray[np.float64]) -> NDArray[np.float64]:
        return cv2.filter2D(plane, cv2.CV_64F, line @ line.T)[inside]

    values = []
    for c in range(x.shape[2]):
        a, b = x[..., c].astype(float), y[..., c].astype(float)
        ma, mb = mean(a), mean(b)
        va, vb, ab = (
            (mean(p * q) - m * n) * unbiased for p, q, m, n in
            ((a, a, ma, ma), (b, b, mb, mb), (a, b, ma, mb))
        )  # fmt: skip
        c1, c2 = 6.5025, 58.5225
        index = (2 * ma * mb + c1) * (2 * ab + c2)
        values.append((index / ((ma**2 + mb**2 + c1) * (va + vb + c2))).mean())
    return float(np.mean(values))


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("size", [(11, 11), (12, 75), (43, 31), (96, 130)])
def test_ssim_is_the_formula(window: str, size: tuple[int, int]) -> None:
    x, y = pair(*size)
    ours = ssim(x, y, data_range=255, window=window)  # type: ignore[arg-type]
    assert ours == pytest.approx(ssim_by_opencv(x, y, window=window), abs=1e-9)


@settings(max_examples=25, deadline=None)
@given(
    height=st.integers(11, 70), width=st.integers(11, 70), seed=st.integers(0, 99),
    window=st.sampled_from(sorted(WINDOWS)),
)  # fmt: skip
def test_ssim_is_symmetric_and_one_for_equal(
    height: int, width: int, seed: int, window: Any
) -> None:
    x, y = pair(height, width, seed)
    value = ssim(x, y, data_range=255, window=window)
    assert -1 <= value < 1
    assert value == pytest.approx(ssim(y, x, data_range=255, window=window), abs=1e-12)
    assert ssim(x, x, data_range=255, window=window) == pytest.approx(1.0, abs=1e-12)
    # What white is called makes no difference.
    scaled = ssim(x / 255.0, y / 255.0, data_range=1.0, window=window)
    assert scaled == pytest.approx(value, abs=1e-9)


@settings(max_examples=25, deadline=None)
@given(height=st.integers(1, 80), width=st.integers(1, 40), seed=st.integers(0, 99))
def test_errors_are_the_formulas(height: int, width: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    x, y = (random.integers(0, 256, (height, width, 3), np.uint8) for _ in range(2))
    apart = x.astype(float) - y.astype(float)
    squares = float((apart**2).mean())
    assert mse(x, y) == pytest.approx(squares, rel=1e-12)
    assert mae(x, y) == pytest.approx(float(np.abs(apart).mean()), rel=1e-12)
    if squares:
        assert psnr(x, y, data_range=255) == pytest.approx(10 * log10(65025 / squares), abs=1e-9)
        assert psnr(x, y, data_range=255) == pytest.approx(cv2.PSNR(x, y), abs=1e-6)
    assert psnr(x, x, data_range=255) == inf


def test_errors_know_no_wrapping() -> None:
    black, white = np.zeros((2, 2, 3), np.uint8), np.full((2, 2, 3), 255, np.uint8)
    assert mae(black, white) == mae(white, black) == 255
    assert psnr(black, white, data_range=255) == 0


# Sharma, Wu, Dalal 2005, table 1: pairs that catch the known mistakes of implementations.
SHARMA = [
    ((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425),
    ((50, -1.3802, -84.2814), (50, 0, -82.7485), 1.0000),
    ((50, 2.5, 0), (50, 0, -2.5), 4.3065),
    ((50, 2.5, 0), (73, 25, -18), 27.1492),
    ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
    ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082),
]


@pytest.mark.parametrize(("one", "other", "expected"), SHARMA)
def test_ciede2000_is_the_published(
    one: tuple[float, ...], other: tuple[float, ...], expected: float
) -> None:
    a, b = np.array([one], np.float64), np.array([other], np.float64)
    assert between(a, b)[0] == pytest.approx(expected, abs=5e-5)  # printed with four digits
    assert between(b, a)[0] == pytest.approx(expected, abs=5e-5)


def test_ciede2000_of_pictures() -> None:
    x, y = pair(40, 33)
    seen = difference_map(x, y)
    assert seen.shape == (40, 33)
    assert ciede2000(x, x) == 0
    assert ciede2000(x, y) == pytest.approx(seen.mean())
    assert ciede2000_p95(x, y) > ciede2000(x, y) > 0


def test_lab_of_the_primaries() -> None:
    colours = np.array([[255, 255, 255], [255, 0, 0], [0, 255, 0], [0, 0, 255], [1, 1, 1]])
    # Printed with two digits by several converters, whose white differs in the fifth.
    known = [[100, 0, 0], [53.24, 80.09, 67.20], [87.73, -86.18, 83.18], [32.30, 79.19, -107.86]]
    assert np.allclose(to_lab(colours)[:4], known, atol=0.02)
    assert np.allclose(to_lab(colours)[4], [903.3 / 255 / 12.92, 0, 0], atol=1e-3)


def test_pins_on_a_public_picture() -> None:
    data = pytest.importorskip("skimage.data", reason="needs the pictures of scikit-image")
    a = data.astronaut()
    d = np.floor(0.2 * a + 0.5).astype(np.uint8)
    known = {
        "mse": 12627.579328, "mae": 91.683388, "psnr": 7.117603, "psnr[y]": 8.612354,
        "ssim": 0.347429, "ssim-y": 0.482511, "ssim[gray]": 0.344898, "ssim-uniform7": 0.337600,
        "ciede2000": 36.392208, "psnr[gt-mean]": 45.615297, "ssim[gt-mean]": 0.986842,
    }  # fmt: skip
    # scikit-image rounds the constants of L*a*b* to four digits.
    loose = {"ciede2000": 5e-6}
    for name, value in known.items():
        assert scorer(name)(d, a) == pytest.approx(value, abs=loose.get(name, 6e-7)), name


def test_known_values_of_lol() -> None:
    folder = need_shared("data", "eval", "lol-v1")
    scorers = [scorer("psnr"), scorer("ssim")]
    rows: dict[str, list[list[float]]] = {"input": [], "gamma 0.4": [], "gamma 0.3": []}
    for path in sorted((folder / "low").iterdir()):
        low, high = (
            np.asarray(Image.open(folder / side / path.name).convert("RGB"))
            for side in ("low", "high")
        )
        for name, exponent in zip(rows, (1.0, 0.4, 0.3), strict=True):
            enhanced = (low / 255.0) ** exponent
            rows[name].append([measure(enhanced, high) for measure in scorers])
    known = {
        "input": (7.773, 0.1952), "gamma 0.4": (14.588, 0.6212), "gamma 0.3": (16.660, 0.6407)
    }  # fmt: skip
    for name, values in rows.items():
        decibels, similarity = np.mean(values, axis=0)
        assert decibels == pytest.approx(known[name][0], abs=6e-4), name  # three digits
        assert similarity == pytest.approx(known[name][1], abs=6e-5), name  # four digits


@pytest.mark.parametrize("metric", ["psnr", "ssim", "mse", "mae", "ciede2000"])
def test_bad_input_is_one_line(metric: str) -> None:
    measure = scorer(metric).measure
    x, _ = pair(20, 20)
    with pytest.raises(ContractError, match="equal shapes") as caught:
        measure(x, x[:-1])
    assert "\n" not in str(caught.value)
    broken = x.astype(np.float64)
    broken[3, 4, 1] = np.nan
    with pytest.raises(ContractError, match="1 of 1200 samples are NaN"):
        measure(broken, x)
    with pytest.raises(ContractError, match="empty"):
        measure(x[:0], x[:0])


def test_a_window_that_does_not_fit() -> None:
    x, y = pair(10, 40)
    with pytest.raises(ContractError, match="at least 11 pixels"):
        ssim(x, y, data_range=255)
    assert -1 <= ssim(x, y, data_range=255, window="uniform7") <= 1
    with pytest.raises(UnknownNameError, match="gauss11"):
        ssim(x, y, data_range=255, window="gauss12")  # type: ignore[arg-type]
