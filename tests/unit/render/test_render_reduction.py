from __future__ import annotations

from fractions import Fraction
from math import ceil

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from render_reference import TOP
from render_strategies import a_picture, dtypes, seeds, sizes

from relume.errors import ContractError
from relume.render import reduce

KERNELS = ["", "numpy"]


def weights(large: int, small: int) -> np.ndarray:
    """(small, large): the part of each output sample that each input sample covers."""
    table = np.zeros((small, large))
    for i in range(small):
        low, high = Fraction(i * large, small), Fraction((i + 1) * large, small)
        for r in range(int(low), ceil(high)):
            table[i, r] = float((min(high, r + 1) - max(low, r)) / (high - low))
    return table


@settings(deadline=None)
@given(
    dtype=dtypes,
    size=sizes,
    gray=st.booleans(),
    strided=st.booleans(),
    seed=seeds,
    share=st.tuples(st.floats(0, 1), st.floats(0, 1)),
)
def test_is_the_mean_over_the_area(dtype, size, gray, strided, seed, share):
    picture = a_picture(np.random.default_rng(seed), dtype, size, gray)
    height, width = (1 + round(s * (n - 1)) for s, n in zip(share, size, strict=True))
    unit = (picture / TOP[dtype]).reshape(*size, -1)
    down, across = weights(size[0], height), weights(size[1], width)
    expected = np.einsum("ir,rxc,jx->ijc", down, unit, across)
    expected = np.broadcast_to(expected, (height, width, 3))
    if strided:
        picture = np.repeat(picture, 2, axis=1)[:, ::2]
    for kernel in KERNELS:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("RELUME_KERNEL", kernel)
            small = reduce(picture, height=height, width=width)
        assert small.dtype == np.float32
        assert small.shape == (height, width, 3)
        assert np.abs(small - expected).max() < 5e-7  # a few roundings of single precision
        assert small.min() >= 0
        assert small.max() <= 1


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_white_stays_white_in_many_bands(kernel, dtype, monkeypatch):
    monkeypatch.setenv("RELUME_KERNEL", kernel)
    white = np.full((997, 401, 3), TOP[dtype], dtype)
    assert (reduce(white, height=101, width=37) == 1).all()


@pytest.mark.parametrize(("height", "width"), [(0, 2), (5, 2), (2, 5), (2, 0), (-1, 2)])
def test_larger_or_empty_sizes_are_refused(height, width):
    with pytest.raises(ContractError, match="reduction: expected at most"):
        reduce(np.zeros((4, 4), np.uint8), height=height, width=width)
