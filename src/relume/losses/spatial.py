"""Contrast between neighbouring regions, before and after."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

AXIS = ((0, 1), (0, -1), (1, 0), (-1, 0))
DIAGONAL = ((1, 1), (1, -1), (-1, 1), (-1, -1))


def spatial_consistency(low: Tensor, enhanced: Tensor, *, patch: int = 4) -> Tensor:
    """Compare the differences of each region to its eight neighbours in two pictures.

    Regions are means over channels and `patch`×`patch` pixels; the squared change of each
    difference is summed, diagonal ones at half weight, and averaged over regions. Beyond the
    border a region is 0, as in the published code.
    (N, 3, H, W) twice, H and W at least `patch` → ≥ 0.
    Source: SGZ (Zheng and Gupta, WACVW 2022), equation 5.
    """
    # Pooling and differences are linear, so the change is pooled once instead of both pictures.
    change = functional.avg_pool2d((enhanced - low).mean(dim=1, keepdim=True), patch)
    padded = functional.pad(change, (1, 1, 1, 1))
    height, width = change.shape[-2:]

    def squared(steps: tuple[tuple[int, int], ...]) -> Tensor:
        moved = [
            padded[..., 1 + down : 1 + down + height, 1 + right : 1 + right + width]
            for down, right in steps
        ]
        return (change - torch.cat(moved, dim=1)).square().sum(dim=1)

    return (squared(AXIS) + 0.5 * squared(DIAGONAL)).mean()
