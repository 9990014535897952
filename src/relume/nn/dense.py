"""Residual dense blocks."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

Layer = Callable[[int, int, int], nn.Module]
"""(channels before, channels after, size of the kernel) → a convolution without bias that keeps
height and width."""


class ResidualDenseBlock(nn.Module):
    """Layers that each see what all before them saw and found, then a sum with the input.

    Zhang et al., Residual Dense Network, CVPR 2018, section 3.2. (N, C, H, W) → the same shape.
    """

    def __init__(self, channels: int, *, layer: Layer, layers: int = 6, growth: int = 32) -> None:
        super().__init__()
        widths = [channels + index * growth for index in range(layers + 1)]
        self.grow = nn.ModuleList([layer(width, growth, 3) for width in widths[:-1]])
        self.fuse = layer(widths[-1], channels, 1)

    def forward(self, features: Tensor) -> Tensor:
        seen = features
        for grow in self.grow:
            seen = torch.cat((seen, torch.relu(grow(seen))), dim=1)
        return self.fuse(seen) + features
