"""Samples turned into floats in [0, 1]."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from relume.levels import TOPS, to_unit


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_black_is_0_and_white_is_1(dtype):
    top = TOPS[np.dtype(dtype)]
    assert_array_equal(to_unit(np.array([[0, top]], dtype)), [[0, 1]])


def test_floats_are_clipped_and_what_is_not_a_number_is_0():
    assert_array_equal(to_unit(np.array([[np.nan, -1, 0.25, 2]], np.float32)), [[0, 0, 0.25, 1]])


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_gives_the_same_where_it_is_told_to_write(dtype):
    low = -0.2 if dtype == "float32" else 0.0
    unit = np.random.default_rng(0).uniform(low, 1.0, (5, 7))
    picture = (unit * TOPS[np.dtype(dtype)]).astype(dtype)
    before = picture.copy()
    planes = np.full((3, 5, 7), 9, np.float32)
    to_unit(picture, out=planes[1])
    assert_array_equal(planes[1], to_unit(picture))
    assert_array_equal(planes[[0, 2]], 9)
    assert_array_equal(picture, before)
