"""Distances in colourfulness against published values and by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from relume.losses.chroma_saturation import (
    chroma_distance,
    chroma_saturation,
    saturation_distance,
)
from shared import need_shared


def test_equals_the_published_values() -> None:
    with np.load(need_shared("reference", "hvr_training.npz")) as stored:
        enhanced, high = (torch.from_numpy(stored[name])[None] for name in ("pred", "target"))
        expected = {name: float(stored[name]) for name in ("saturation", "chroma")}
        total = float(stored["chroma_saturation_total"])
    # float32 sums in another order.
    close = pytest.approx(expected["saturation"], rel=1e-5)
    assert saturation_distance(enhanced, high).item() == close
    assert chroma_distance(enhanced, high).item() == pytest.approx(expected["chroma"], rel=1e-5)
    assert chroma_saturation(enhanced, high).item() == pytest.approx(total, rel=1e-5)


def test_gray_pictures_differ_in_no_colour() -> None:
    dark, bright = torch.full((1, 3, 4, 4), 0.1), torch.full((1, 3, 4, 4), 0.9)
    assert chroma_saturation(dark, bright).item() == pytest.approx(0, abs=1e-6)


def test_red_against_gray_by_hand() -> None:
    gray, red = torch.full((1, 3, 2, 2), 0.5), torch.zeros(1, 3, 2, 2)
    red[:, 0] = 2.0  # cut to 1
    assert saturation_distance(red, gray).item() == pytest.approx(1, abs=1e-5)
    # Cb = −0.299, Cr = 1 − 0.299.
    assert chroma_distance(red, gray).item() == pytest.approx(1.0, abs=1e-6)


def test_black_has_a_gradient() -> None:
    black = torch.zeros(1, 3, 4, 4, requires_grad=True)
    chroma_saturation(black, torch.rand(1, 3, 4, 4)).backward()
    assert black.grad is not None
    assert torch.isfinite(black.grad).all()
