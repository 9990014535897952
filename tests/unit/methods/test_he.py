from __future__ import annotations

import numpy as np
import pytest
from classical import coffee, night, run
from hypothesis import given, settings
from hypothesis import strategies as st

from relume.methods.he import equalising

cv2 = pytest.importorskip("cv2")


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), levels=st.integers(2, 256))
def test_is_opencvs(seed, levels):
    """Exactly, but for ties: OpenCV multiplies in single precision and rounds halves to even."""
    rng = np.random.default_rng(seed)
    plane = (rng.random((61, 47)) ** 2 * levels).astype(np.uint8)
    ours, theirs = run("he", plane), cv2.equalizeHist(plane)
    exact = 255 * equalising(np.bincount(plane.ravel(), minlength=256))[plane]
    tied = np.abs(exact % 1 - 0.5) < 1e-4
    assert np.array_equal(ours[~tied], theirs[~tied])
    assert np.abs(ours.astype(int) - theirs).max() <= 1


def test_pin():
    gray = np.rint(255 * (coffee() @ [0.299, 0.587, 0.114])).astype(np.uint8)
    assert run("he", gray).mean() == pytest.approx(130.284617, abs=1e-4)


def test_luma_becomes_uniform():
    picture = night(0, (200, 200), "uint8")
    luma = run("he", picture)[..., :] @ [0.299, 0.587, 0.114]
    assert luma.mean() == pytest.approx(127.5, abs=12)  # channels are clipped where luma is moved
