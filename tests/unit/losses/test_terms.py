"""Each term against a plain computation, and at its extremes."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from relume.losses.colour import colour_constancy
from relume.losses.exposure import exposure
from relume.losses.focal import self_labelled_focal
from relume.losses.spatial import spatial_consistency
from relume.losses.total_variation import squared_total_variation


def test_total_variation_of_a_ramp() -> None:
    ramp = torch.arange(5.0).view(1, 1, 1, 5).expand(2, 3, 4, 5)
    # Each horizontal difference is 1: 3 channels of mean 1, twice.
    assert squared_total_variation(ramp).item() == pytest.approx(6.0)
    assert squared_total_variation(torch.ones(1, 3, 6, 6)).item() == 0
    assert squared_total_variation(torch.rand(1, 3, 1, 1)).item() == 0


def test_spatial_consistency_by_hand() -> None:
    torch.manual_seed(0)
    low, enhanced = torch.rand(2, 3, 12, 16), torch.rand(2, 3, 12, 16)
    change = functional.avg_pool2d((enhanced - low).mean(1), 4)
    padded = functional.pad(change, (1, 1, 1, 1))
    total = torch.zeros_like(change)
    for down in (-1, 0, 1):
        for right in (-1, 0, 1):
            weight = 0.5 if down and right else 1.0
            moved = padded[:, 1 + down : 4 + down, 1 + right : 5 + right]
            total += weight * (change - moved) ** 2
    found = spatial_consistency(low, enhanced, patch=4)
    assert found.item() == pytest.approx(total.mean().item(), rel=1e-5)
    assert spatial_consistency(low, low).item() == 0


def test_colour_constancy_is_nothing_for_gray_and_has_a_gradient_there() -> None:
    gray = torch.full((2, 3, 4, 4), 0.5, requires_grad=True)
    value = colour_constancy(gray)
    value.backward()
    assert value.item() < 1e-7
    assert gray.grad is not None
    assert torch.isfinite(gray.grad).all()
    red = torch.zeros(1, 3, 4, 4)
    red[:, 0] = 1
    assert colour_constancy(red).item() == pytest.approx(2**0.5)


def test_exposure_looks_at_regions_and_serves_small_pictures() -> None:
    half = torch.zeros(1, 3, 16, 32)
    half[..., 16:] = 1
    assert exposure(half, level=0.5, patch=16).item() == pytest.approx(0.25)
    assert exposure(torch.full((1, 3, 1, 5), 0.6), level=0.6).item() == pytest.approx(0, abs=1e-12)


def test_focal_falls_with_confidence_and_stays_finite() -> None:
    torch.manual_seed(0)
    logits = torch.randn(1, 5, 4, 4)
    values = [self_labelled_focal(sharp * logits).item() for sharp in (0.0, 1.0, 10.0, 1e6)]
    assert values == sorted(values, reverse=True)
    # Five equal classes: (4/5)² · ln 5.
    assert values[0] == pytest.approx(0.64 * 1.6094379, rel=1e-5)
    assert 0 <= values[-1] < 1e-6
