from __future__ import annotations

import numpy as np
import pytest
from classical import coffee, night, run
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from relume.filters.weighting import weighted_gamma


def test_pin():
    """With levels rounded to even, as the pin has them: a quarter of its levels are ties."""
    picture = coffee()
    value = picture.max(axis=2)
    counts = np.bincount(np.rint(255 * value).astype(int).ravel(), minlength=256)
    table = weighted_gamma(counts, alpha=0.5, floor=0.0)
    new = np.interp(value * 255, np.arange(256), table)
    result = picture * (new / np.maximum(value, 1e-6))[..., None]
    assert result.mean(axis=(0, 1)) == pytest.approx((0.481093, 0.277466, 0.172352), abs=2e-4)
    assert result.std() == pytest.approx(0.274005, abs=2e-4)
    assert np.abs(run("agcwd", coffee()).mean(axis=(0, 1)) - result.mean(axis=(0, 1))).max() < 3e-3


@given(
    counts=arrays.arrays(np.int64, 256, elements=st.integers(0, 1000)),
    alpha=st.floats(0, 2),
    floor=st.floats(0, 1),
)
def test_table_increases_and_never_darkens(counts, alpha, floor):
    table = weighted_gamma(counts, alpha=alpha, floor=floor)
    levels = np.linspace(0, 1, 256)
    assert table[0] == 0
    assert table.max() <= 1
    assert np.diff(table).min() >= -1e-12
    assert (table >= levels - 1e-12).all()


def test_equal_bins_are_no_division_by_zero():
    table = weighted_gamma(np.full(256, 3, np.int64), alpha=0.5, floor=0.0)
    assert np.isfinite(table).all()


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_is_the_table_of_the_value(dtype):
    picture = night(0, (40, 50), dtype)
    result = run("agcwd", picture)
    dark, bright = result.max(axis=2), picture.max(axis=2)
    order = np.argsort(bright, axis=None)
    assert np.diff(dark.ravel()[order].astype(int)).min() >= 0
