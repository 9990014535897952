"""Transfer functions against the points that the standard fixes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relume.colour import decode_srgb, encode_srgb, luma, luminance, value


@given(st.floats(0, 1))
def test_encoding_undoes_decoding(encoded: float) -> None:
    array = np.array([encoded])
    # Where the two branches of the standard meet they differ by 1e-8 in either direction.
    assert encode_srgb(decode_srgb(array)) == pytest.approx(array, abs=2e-7)


def test_the_points_of_the_standard() -> None:
    encoded = np.array([0.0, 0.04045, 0.5, 1.0])
    expected = [0.0, 0.04045 / 12.92, ((0.5 + 0.055) / 1.055) ** 2.4, 1.0]
    assert decode_srgb(encoded) == pytest.approx(expected, abs=1e-15)


def test_float32_stays_float32() -> None:
    assert decode_srgb(np.zeros(3, np.float32)).dtype == np.float32
    assert encode_srgb(np.zeros(3, np.float32)).dtype == np.float32


def test_weights_of_white_sum_to_one() -> None:
    white = np.ones((2, 3))
    assert luma(white) == pytest.approx(1.0)
    assert luminance(white) == pytest.approx(1.0)
    assert value(np.array([[0.1, 0.7, 0.2]])).tolist() == [0.7]
