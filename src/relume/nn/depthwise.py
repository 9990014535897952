"""Depthwise-separable pieces of small networks, and the enlargement that undoes a halving."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional


class Block(nn.Module):
    """A 3×3 convolution per channel, ReLU, a 1×1 convolution, added to what came in."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.depthwise = nn.Conv2d(channels, channels, 3, padding=1, groups=channels)
        self.pointwise = nn.Conv2d(channels, channels, 1)

    def forward(self, features: Tensor) -> Tensor:
        return features + self.pointwise(functional.relu(self.depthwise(features)))


class Halve(nn.Module):
    """Half the height and width, another number of channels."""

    def __init__(self, channels: int, out_channels: int) -> None:
        super().__init__()
        self.depthwise = nn.Conv2d(channels, channels, 3, stride=2, padding=1, groups=channels)
        self.pointwise = nn.Conv2d(channels, out_channels, 1)

    def forward(self, features: Tensor) -> Tensor:
        return functional.relu(self.pointwise(self.depthwise(features)))


def double(features: Tensor) -> Tensor:
    """Enlarge twice, linearly."""
    return functional.interpolate(features, scale_factor=2.0, mode="bilinear", align_corners=False)
