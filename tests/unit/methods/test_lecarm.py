from __future__ import annotations

import numpy as np
from classical import check_pin, coffee, night, run

from relume.filters.camera import sigmoid
from relume.filters.illumination import refine


def test_pin():
    """With the map at full resolution, as the pin has it; direct solver there, iterative here."""
    picture = coffee()
    smooth = refine(picture.max(axis=2), alpha=0.15, strategy=3, sigma=2.0, radius=2, factor=1.0)
    result = sigmoid(picture, ratio=1 / np.clip(smooth, 1 / 7, 1)[..., None])
    check_pin(result, (0.531849, 0.311052, 0.192803), 0.218366, off=1e-3)


def test_ratio_is_limited():
    picture = night(0, (40, 50)) * np.float32(0.1)
    ratio = np.full((1, 1, 1), 4, np.float32)
    assert (run("lecarm", picture, most=4) <= sigmoid(picture, ratio=ratio) + 1e-5).all()
