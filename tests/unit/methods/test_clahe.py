from __future__ import annotations

import numpy as np
import pytest
from classical import coffee, night, run

cv2 = pytest.importorskip("cv2")

SIZES = [(512, 512), (512, 509), (500, 512), (501, 509), (97, 87)]


def cloudy(size):
    rng = np.random.default_rng(3)
    plane = cv2.GaussianBlur(rng.integers(0, 256, size).astype(np.uint8), (0, 0), 3)
    return cv2.normalize(plane, None, 0, 255, cv2.NORM_MINMAX)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("clip", [1.0, 2.0, 8.0])
@pytest.mark.parametrize("kernel", ["", "numpy"])
def test_is_opencvs_within_a_level(monkeypatch, size, clip, kernel):
    """OpenCV rounds its tables to levels before it interpolates, which ours does not."""
    monkeypatch.setenv("RELUME_KERNEL", kernel)
    plane = cloudy(size)
    theirs = cv2.createCLAHE(clip, (8, 8)).apply(plane).astype(int)
    off = np.abs(run("clahe", plane, clip=clip) - theirs)
    assert off.max() <= 1
    assert off.mean() < 0.25


def test_no_clip_is_adaptive_equalisation():
    plane = cloudy((128, 128))
    theirs = cv2.createCLAHE(0, (4, 4)).apply(plane).astype(int)
    assert np.abs(run("clahe", plane, clip=0, tiles=4) - theirs).max() <= 1


def test_pin():
    gray = np.rint(255 * (coffee() @ [0.299, 0.587, 0.114])).astype(np.uint8)
    result = run("clahe", gray)
    assert result.mean() == pytest.approx(44.983533, abs=0.05)  # tables that are not rounded
    assert result.std() == pytest.approx(25.415295, abs=0.05)


def test_slope_is_limited():
    """Noise of a flat region grows by no more than the clip limit and the excess, less than 1."""
    rng = np.random.default_rng(0)
    plane = (0.3 + 0.01 * rng.standard_normal((256, 256))).astype(np.float32)
    assert run("clahe", plane, clip=2).std() < 3 * plane.std()
    assert run("clahe", plane, clip=40).std() > 5 * plane.std()


def test_sixteen_bits_have_no_bands():
    ramp = np.repeat(np.linspace(0, 65535, 4000).astype(np.uint16)[None], 80, axis=0)
    result = run("clahe", ramp)
    assert len(np.unique(result[40])) > 3000


def test_chroma_stays():
    picture = night(4, (90, 90)) * np.float32(0.5) + np.float32(0.2)
    result = run("clahe", picture)
    inside = (result.min(axis=2) > 0) & (result.max(axis=2) < 1)
    change = (result - picture)[inside]
    assert np.ptp(change, axis=1).max() < 1e-5
