"""SSIM as a term equals the metric of that name."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from relume.errors import ContractError
from relume.losses.ssim import dissimilarity
from relume.metrics.ssim import ssim


@pytest.mark.parametrize("size", [(11, 11), (12, 30), (33, 17)])
def test_equals_the_metric(size: tuple[int, int]) -> None:
    random = np.random.default_rng(0)
    target = random.random((2, *size, 3), np.float32)
    preds = np.clip(target + random.normal(0, 0.1, target.shape), 0, 1).astype(np.float32)
    wanted = np.mean([1 - ssim(*pair, data_range=1.0) for pair in zip(preds, target, strict=True)])
    tensors = (torch.from_numpy(array).permute(0, 3, 1, 2) for array in (preds, target))
    # Differences of squares in float32, divided by variances of about 0.01.
    assert dissimilarity(*tensors).item() == pytest.approx(wanted, abs=2e-5)


def test_is_nothing_for_equal_pictures_and_its_gradient_points_at_the_target() -> None:
    torch.manual_seed(0)
    target = torch.rand(1, 3, 16, 20)
    assert dissimilarity(target, target).item() == pytest.approx(0, abs=1e-5)
    preds = (target + 0.1 * torch.randn_like(target)).requires_grad_()
    before = dissimilarity(preds, target)
    before.backward()
    assert preds.grad is not None
    assert dissimilarity(preds - 0.01 * preds.grad / preds.grad.abs().max(), target) < before


def test_flat_pictures_have_a_finite_gradient() -> None:
    preds = torch.zeros(1, 3, 16, 16, requires_grad=True)
    dissimilarity(preds, torch.zeros(1, 3, 16, 16)).backward()
    assert preds.grad is not None
    assert torch.isfinite(preds.grad).all()


def test_a_picture_smaller_than_the_window_is_refused() -> None:
    small = torch.rand(1, 3, 10, 40)
    with pytest.raises(ContractError, match="at least 11"):
        dissimilarity(small, small)
