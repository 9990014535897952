"""Distance of local brightness from a wanted level."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional


def exposure(image: Tensor, *, level: float = 0.6, patch: int = 16) -> Tensor:
    """Compare the mean of each region with `level`: mean of (region − level)².

    Regions are means over channels and `patch`×`patch` pixels, or over the whole side where it
    is shorter. (N, 3, H, W) in [0, 1] → [0, 1].
    Source: Zero-DCE (Guo et al., CVPR 2020), equation 5, squared as in SGZ.
    """
    height, width = image.shape[-2:]
    size = (min(patch, height), min(patch, width))
    regions = functional.avg_pool2d(image.mean(dim=1, keepdim=True), size)
    return (regions - level).square().mean()
