"""What a blurred eye sees."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

BINOMIAL = (1.0, 2.0, 1.0)
"""Of 3×3, a Gaussian of σ ≈ 0.7 pixels."""


def blurred_squared_error(preds: Tensor, target: Tensor) -> Tensor:
    """Average the squared difference of pictures blurred by 3×3 Gaussians.

    mean((G∗preds − G∗target)²), (N, C, H, W) → ≥ 0; the border repeats.
    Source: LLPackNet (Lamba et al., BMVC 2020), section 3.3.
    """
    difference = preds - target
    channels = difference.shape[1]
    line = torch.tensor(BINOMIAL, dtype=preds.dtype, device=preds.device) / sum(BINOMIAL)
    kernel = (line[:, None] * line[None, :]).expand(channels, 1, 3, 3)
    padded = functional.pad(difference, (1, 1, 1, 1), mode="replicate")
    return functional.conv2d(padded, kernel, groups=channels).square().mean()
