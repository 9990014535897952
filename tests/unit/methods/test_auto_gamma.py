from __future__ import annotations

import numpy as np
import pytest
from classical import check_pin, coffee, night, run

from relume.methods.auto_gamma import gamma


def test_pin():
    check_pin(run("auto_gamma", coffee()), (0.553375, 0.278415, 0.161908), 0.209859, off=2e-4)


@pytest.mark.parametrize(("mean", "expected"), [(0.25, 0.5), (0.5, 1.0), (0.0, 1.0), (1.0, 1.0)])
def test_exponent(mean, expected):
    assert gamma(mean, target=0.5) == pytest.approx(expected)


def test_exponent_is_limited():
    assert gamma(0.001, target=0.9) == 0.2
    assert gamma(0.99, target=0.05) == 5.0


def test_mean_comes_near_the_target():
    result = run("auto_gamma", night(0, (60, 80)), target=0.5)
    assert abs((result @ np.float32([0.299, 0.587, 0.114])).mean() - 0.5) < 0.08
