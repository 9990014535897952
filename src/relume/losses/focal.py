"""Confidence of a segmentation in its own labels."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional


def self_labelled_focal(logits: Tensor, *, focus: float = 2.0) -> Tensor:
    """Compare class scores with their own arg-max: mean of −(1 − p)^focus · log p.

    p is the probability of the likeliest class, at least 1e-7. (N, classes, H, W) → ≥ 0.
    Source: SGZ (Zheng and Gupta, WACVW 2022), equation 8; focal loss of Lin et al., ICCV 2017.
    """
    likeliest = functional.softmax(logits, dim=1).amax(dim=1).clamp(min=1e-7, max=1 - 1e-7)
    return -((1 - likeliest) ** focus * likeliest.log()).mean()
