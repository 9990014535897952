from __future__ import annotations

import numpy as np
from classical import night, run


def test_dim_pictures_are_brightened_and_bright_ones_darkened():
    dim = night(0, (40, 50)) * np.float32(0.4)
    assert run("iagcwd", dim).mean() > dim.mean() + 0.03
    bright = 1 - dim * np.float32(0.5)
    assert run("iagcwd", bright).mean() < bright.mean() - 0.03


def test_middling_pictures_are_unchanged():
    picture = np.linspace(0.3, 0.6, 300, dtype=np.float32).reshape(10, 10, 3)
    assert np.array_equal(run("iagcwd", picture), picture)


def test_floor_limits_the_exponent():
    dim = night(1, (40, 50)) * np.float32(0.4)
    assert run("iagcwd", dim, floor=1).mean() < run("iagcwd", dim, floor=0.5).mean()
    luma = dim @ np.float32([0.299, 0.587, 0.114])
    # An exponent of at least one half: no brighter than the square root of the luma.
    result = run("iagcwd", dim, floor=0.5) @ np.float32([0.299, 0.587, 0.114])
    assert (result <= np.sqrt(luma) + 2e-3).all()
