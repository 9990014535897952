from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relume.filters.sample import lattice, read, thin
from relume.filters.size import halved_size, working_size

sides = st.integers(1, 5000)


@given(height=sides, width=sides, most=st.integers(1, 70000))
def test_lattice_is_within_its_limit(height, width, most):
    rows, columns = lattice(height, width, most=most)
    assert 1 <= rows.size * columns.size <= max(most, 1)
    assert 0 <= rows[0] <= rows[-1] < height
    assert 0 <= columns[0] <= columns[-1] < width


def test_thin_takes_small_pictures_whole():
    picture = np.random.default_rng(0).integers(0, 256, (20, 30, 3)).astype(np.uint8)
    assert np.abs(thin(picture) * 255 - picture).max() < 1e-4
    assert thin(picture[..., 0]).shape == (20, 30, 3)


@pytest.mark.parametrize("size", [(40, 60), (41, 67)])
def test_read_gives_the_enlarged_map_at_the_sampled_pixels(size):
    small = np.random.default_rng(1).random((7, 9, 2), np.float32)
    y, x = (
        np.clip((np.arange(n) + 0.5) * k / n - 0.5, 0, k - 1)
        for n, k in zip(size, small.shape[:2], strict=True)
    )
    tall = np.stack([np.interp(y, np.arange(7), line) for line in small.reshape(7, -1).T], axis=1)
    tall = tall.reshape(size[0], 9, 2).transpose(1, 0, 2).reshape(9, -1)
    full = np.stack([np.interp(x, np.arange(9), line) for line in tall.T], axis=1)
    full = full.reshape(size[1], size[0], 2).transpose(1, 0, 2)
    rows, columns = lattice(*size, most=100)
    assert np.abs(read(small, size=size, most=100) - full[np.ix_(rows, columns)]).max() < 1e-6


@given(height=sides, width=sides)
def test_working_size(height, width):
    (h, w), factor = working_size(height, width, most=10_000)
    assert 1 <= h <= height
    assert 1 <= w <= width
    assert factor >= 1
    if min(h, w) > 1:
        assert h * w <= 10_000 * (1 + 0.5 / h) * (1 + 0.5 / w)  # rounding to whole pixels
    assert working_size(height, width, most=1, largest=1.0) == ((height, width), 1.0)


@given(height=sides, width=sides, most=st.integers(1, 10**6))
def test_halved_size(height, width, most):
    (h, w), factor = halved_size(height, width, most=most)
    assert np.log2(factor) == int(np.log2(factor)) >= 0
    assert h == max(round(height / factor), 1)
    assert w == max(round(width / factor), 1)
    assert height * width <= most * factor**2
    assert factor == 1 or height * width > most * (factor / 2) ** 2
