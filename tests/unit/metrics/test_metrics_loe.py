"""Lightness order error against counting every pair."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from relume.metrics.loe import loe
from relume.metrics.scorer import scorer


def counted(enhanced: NDArray[np.uint8], low: NDArray[np.uint8]) -> float:
    """The definition, over all pixels."""
    a, b = (side.max(axis=2).ravel() for side in (enhanced, low))
    turned = (a[:, None] >= a) != (b[:, None] >= b)
    return float(turned.sum() / a.size)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 999), levels=st.integers(2, 256))
def test_loe_counts_turned_pairs(seed: int, levels: int) -> None:
    random = np.random.default_rng(seed)
    # At 50 pixels a side nothing is averaged; at 100 a side nothing is left out.
    for side, sampling in ((50, "50"), (100, "100")):
        one, other = (
            random.integers(0, levels, (side, side, 3)).astype(np.uint8) for _ in range(2)
        )
        if side == 100:
            one, other = (np.repeat(np.repeat(x[::4, ::4], 4, 0), 4, 1) for x in (one, other))
            expected = counted(one[::4, ::4], other[::4, ::4]) * 16
        else:
            expected = counted(one, other)
        assert loe(one, other, sampling=sampling) == pytest.approx(expected)  # type: ignore[arg-type]


def ramps() -> NDArray[np.uint8]:
    y, x = np.mgrid[0:200, 0:300]
    return np.stack([255 * x // 299, 255 * y // 199, 255 * (x + y) // 498], 2).astype(np.uint8)


def test_known_values() -> None:
    a = ramps()
    doubled = a.copy()
    doubled[:, :150] = np.minimum(a[:, :150].astype(int) * 2, 255)
    measure = scorer("loe")
    assert measure(a, a) == 0
    gamma = np.rint(255 * (a / 255) ** (1 / 2.2)).astype(np.uint8)
    assert measure(gamma, a) == pytest.approx(4.183, abs=5e-4)
    assert measure(255 - a, a) == pytest.approx(6665.6288, abs=5e-5)
    assert measure(doubled, a) == pytest.approx(2573.9531, abs=5e-5)


def test_orders_survive_rising_curves() -> None:
    low = ramps() // 4
    assert loe(low * 3 + 7, low) == 0
    assert loe(low * 3 + 7, low, sampling="50") < 30  # averaging rounds neighbours together
    assert loe(255 - low, low, sampling="50") > 1000
