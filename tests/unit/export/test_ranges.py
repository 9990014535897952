"""Ranges of 8-bit numbers: what is seen, what is cut off, what loses least."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relume.errors import UnknownNameError
from relume.export.ranges import CALIBRATIONS, Spread, as_calibration


def spread(*parts: np.ndarray) -> Spread:
    made = Spread()
    for part in parts:
        made.add(part)
    return made


@given(
    low=st.floats(-50, 50),
    width=st.floats(1e-3, 80),
    seed=st.integers(0, 9),
    count=st.integers(1, 3),
)
@settings(max_examples=25, deadline=None)
def test_ranges_hold_zero_and_lie_inside_what_was_seen(
    low: float, width: float, seed: int, count: int
) -> None:
    random = np.random.default_rng(seed)
    parts = [low + width * random.random(500) * (place + 1) for place in range(count)]
    made = spread(*parts)
    least = min(0.0, *(float(part.min()) for part in parts))
    most = max(0.0, *(float(part.max()) for part in parts))
    for calibration in CALIBRATIONS:
        a, b = made.range(calibration)
        assert a <= 0 <= b
        assert a >= least - 1e-9
        assert b <= most + 1e-9
    assert made.range("minmax") == (least, most)


def test_order_and_growing_bins_do_not_matter() -> None:
    random = np.random.default_rng(1)
    small, large = random.normal(0, 0.1, 4000), random.normal(0, 3.0, 4000)
    one, other = spread(small, large), spread(large, small)
    for calibration in CALIBRATIONS[::2]:  # entropy may choose between two equally good limits
        assert np.allclose(one.range(calibration), other.range(calibration), atol=0.05)


def test_percentile_cuts_a_lonely_peak_and_entropy_too() -> None:
    values = np.append(np.random.default_rng(2).normal(0, 1, 200_000), 400.0)
    made = spread(values)
    assert made.range("minmax")[1] == 400.0
    assert made.range("percentile")[1] < 5
    assert made.range("entropy")[1] < 60


def test_entropy_keeps_even_values_whole() -> None:
    made = spread(np.linspace(0, 1, 100_000))
    assert made.range("entropy")[1] == pytest.approx(1.0, abs=1e-3)


def test_an_empty_or_constant_tensor_has_a_range() -> None:
    for calibration in CALIBRATIONS:
        assert spread(np.zeros(10), np.empty(0)).range(calibration) == (0.0, 0.0)
        assert spread(np.full(10, 2.0)).range(calibration) == (0.0, 2.0)


def test_suggests_the_nearest_name() -> None:
    assert as_calibration("entropy") == "entropy"
    with pytest.raises(UnknownNameError, match="did you mean minmax"):
        as_calibration("minmx")
