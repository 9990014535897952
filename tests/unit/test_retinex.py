from __future__ import annotations

import numpy as np
import pytest

from relume.retinex import ranks, stretch, surround, widths


def test_ranks_are_those_of_the_sorted_values():
    values = np.random.default_rng(0).random(1000)
    ordered = np.sort(values)
    assert ranks(values, low=1, high=2) == (ordered[10], ordered[999 - 20])
    assert ranks(values[:1], low=20, high=20) == (values[0], values[0])


def test_stretch():
    assert stretch(np.array([0.0, 1.0, 2.0, 9.0]), low=1.0, high=3.0) == pytest.approx(
        [0, 0, 0.5, 1]
    )


def test_widths_scale_with_the_shorter_side():
    assert widths((15, 80), size=(100, 400), reference=0) == (15, 80)
    assert widths((15, 80), size=(100, 400), reference=50) == (30, 160)


def test_surround_of_a_reduced_picture_is_that_of_the_full_one():
    down, across = np.mgrid[:240, :320] / 60
    full = (1 + 255 * (0.5 + 0.4 * np.sin(3 * across) * np.cos(2 * down)))[..., None]
    small = full.reshape(60, 4, 80, 4, 1).mean(axis=(1, 3))
    whole = surround(full, sigmas=(15, 40), factor=1.0)
    part = surround(small, sigmas=(15, 40), factor=4.0)
    centres = whole.reshape(60, 4, 80, 4, 1).mean(axis=(1, 3))
    assert np.abs(part - centres).max() < 5e-3
