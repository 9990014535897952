from __future__ import annotations

import numpy as np
import pytest

from relume.filters.histogram import fold, interpolated, mean_level


def test_fold_counts_nearest_levels():
    counts = np.random.default_rng(0).integers(0, 5, 65536)
    expected = np.zeros(256, np.int64)
    np.add.at(expected, np.rint(np.arange(65536) / 257).astype(int), counts)
    assert np.array_equal(fold(counts), expected)
    assert fold(expected) is expected


def test_mean_of_levels():
    assert mean_level(np.bincount([0, 255, 255, 0], minlength=256)) == pytest.approx(0.5)
    assert mean_level(np.bincount([65535], minlength=65536)) == 1


def test_interpolated_is_straight_between_levels():
    function = interpolated(np.array([0.0, 0.2, 1.0]))
    assert function(np.float32([0, 0.25, 0.5, 0.75, 1])) == pytest.approx([0, 0.1, 0.2, 0.6, 1])
    assert function(np.float32([0.5])).dtype == np.float32
