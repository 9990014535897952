from __future__ import annotations

import numpy as np
import pytest

from relume.filters.camera import beta_gamma, sigmoid


@pytest.mark.parametrize(
    ("ratio", "exponent", "scale"),
    [(1, 1, 1), (2, 0.795923, 1.258286), (5, 0.588612, 1.589057), (7, 0.526877, 1.703427)],
)
def test_pins_of_beta_gamma(ratio, exponent, scale):
    encoded = np.array([0.1, 0.25, 1.0])
    expected = scale * encoded**exponent
    assert beta_gamma(encoded, ratio=ratio) == pytest.approx(expected, abs=2e-6)


def test_pins():
    assert beta_gamma(np.array([0.25]), ratio=5)[0] == pytest.approx(0.702683, abs=1e-6)
    for ratio, expected in ((1, 0.25), (2, 0.410911), (7, 0.825959)):
        found = sigmoid(np.array([0.25]), ratio=np.array([float(ratio)]))[0]
        assert found == pytest.approx(expected, abs=1e-6)


def test_sigmoid_increases():
    encoded, ratio = np.linspace(0, 1, 101)[:, None], np.linspace(1, 10, 50)
    values = sigmoid(encoded, ratio=ratio)
    assert np.diff(values, axis=0).min() > 0
    assert np.diff(values[1:-1], axis=1).min() > 0
    assert values[0].max() == 0
    assert np.abs(values[:, 0] - encoded[:, 0]).max() < 1e-12
