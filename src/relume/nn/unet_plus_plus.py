"""A light U-Net++ of three levels: every skip passes through blocks of its own.

Zhou et al., UNet++: A Nested U-Net Architecture for Medical Image Segmentation, DLMIA 2018,
figure 1, cut to three levels.
"""

from __future__ import annotations

from functools import reduce

import torch
from torch import Tensor, nn
from torch.nn import functional

from relume.nn.group_norm import GroupNorm

SLOPE = 0.01
"""Of the leaky rectifier below 0."""


class Block(nn.Module):
    """Twice: a 3×3 convolution without bias, group normalisation, a leaky rectifier."""

    def __init__(self, before: int, after: int, *, groups: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(before, after, 3, padding=1, bias=False)
        self.norm1 = GroupNorm(groups, after)
        self.conv2 = nn.Conv2d(after, after, 3, padding=1, bias=False)
        self.norm2 = GroupNorm(groups, after)

    def forward(self, *parts: Tensor) -> Tensor:
        """Take one input, or several as if their channels stood side by side."""
        if len(parts) == 1:
            return self.finish(self.conv1(parts[0]))
        if not torch.onnx.is_in_onnx_export():
            return self(torch.cat(parts, dim=1))
        # In a written graph nothing is moved side by side: engines add within a convolution.
        kernels = self.conv1.weight.split([part.shape[1] for part in parts], dim=1)
        convolved = (
            functional.conv2d(part, kernel, padding=1)
            for part, kernel in zip(parts, kernels, strict=True)
        )
        return self.finish(reduce(torch.add, convolved))

    def finish(self, convolved: Tensor) -> Tensor:
        """Continue after the first convolution."""
        inner = functional.leaky_relu(self.norm1(convolved), SLOPE)
        return functional.leaky_relu(self.norm2(self.conv2(inner)), SLOPE)


class UNetPlusPlus(nn.Module):
    """Two inputs, `fixed` and `varying`, of `channels` each → (N, channels, H, W).

    H and W are multiples of 4. What the first convolution makes of `fixed` may be computed once
    (`prepare`) and used with many `varying`.
    """

    def __init__(self, channels: int, *, groups: int) -> None:
        super().__init__()
        one, two, four = channels, 2 * channels, 4 * channels
        self.block00 = Block(2 * channels, one, groups=groups)
        self.block10 = Block(one, two, groups=groups)
        self.block20 = Block(two, four, groups=groups)
        self.block01 = Block(one + two, one, groups=groups)
        self.block11 = Block(two + four, two, groups=groups)
        self.block02 = Block(one + one + two, one, groups=groups)
        self.last = nn.Conv2d(one, channels, 1)

    def prepare(self, fixed: Tensor) -> Tensor:
        """Return the part of the first convolution that depends on `fixed` alone."""
        kernel = self.block00.conv1.weight[:, : fixed.shape[1]]
        return functional.conv2d(fixed, kernel, padding=1)

    def forward(self, prepared: Tensor, varying: Tensor) -> Tensor:
        kernel = self.block00.conv1.weight[:, varying.shape[1] :]
        x00 = self.block00.finish(functional.conv2d(varying, kernel, padding=1) + prepared)
        x10 = self.block10(functional.max_pool2d(x00, 2))
        x20 = self.block20(functional.max_pool2d(x10, 2))
        x01 = self.block01(x00, _enlarge(x10))
        x11 = self.block11(x10, _enlarge(x20))
        x02 = self.block02(x00, x01, _enlarge(x11))
        return self.last(x02)


def _enlarge(features: Tensor) -> Tensor:
    return functional.interpolate(features, scale_factor=2.0, mode="bilinear", align_corners=True)
