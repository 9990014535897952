"""A U-Net of double convolutions, wide in view and light at full size.

Ronneberger, Fischer and Brox, U-Net, MICCAI 2015, arXiv 1505.04597, with twice the channels at
half the size, and with a look at the whole picture at the bottom.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Literal, TypeAlias

import torch
from torch import Tensor, nn
from torch.nn import functional

SLOPE = 0.1
"""Of LeakyReLU below 0: no unit falls silent for good in a short training."""

Sampling: TypeAlias = Literal["trainable", "fixed"]
"""Strided and transposed convolutions, or means and bilinear interpolation."""


class DoubleConvolution(nn.Sequential):
    """Two 3×3 convolutions, each with LeakyReLU, dropout after both."""

    def __init__(self, before: int, after: int, *, dropout: float) -> None:
        super().__init__(
            nn.Conv2d(before, after, 3, padding=1),
            nn.LeakyReLU(SLOPE),
            nn.Conv2d(after, after, 3, padding=1),
            nn.LeakyReLU(SLOPE),
            nn.Dropout2d(dropout),
        )


class GlobalView(nn.Module):
    """Add to each place what the mean over all places says: exposure is a matter of the whole."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.narrow = nn.Conv2d(channels, channels // 2, 1)
        self.widen = nn.Conv2d(channels // 2, channels, 1)

    def forward(self, features: Tensor) -> Tensor:
        mean = features.mean(dim=(2, 3), keepdim=True)
        return features + self.widen(functional.leaky_relu(self.narrow(mean), SLOPE))


class UNet(nn.Module):
    """`levels` sizes, each half the one before, `channels` · 2^level channels."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        *,
        channels: int,
        levels: int,
        dropout: float,
        downsampling: Sampling,
        upsampling: Sampling,
    ) -> None:
        super().__init__()
        widths = [channels << level for level in range(levels)]
        pairs = list(pairwise(widths))
        self.multiple_of = 1 << (levels - 1)
        self.enter = DoubleConvolution(in_channels, channels, dropout=dropout)
        self.down = nn.ModuleList(_down(fine, downsampling) for fine, _ in pairs)
        self.encode = nn.ModuleList(
            DoubleConvolution(fine, coarse, dropout=dropout) for fine, coarse in pairs
        )
        self.view = GlobalView(widths[-1])
        self.up = nn.ModuleList(_up(coarse, fine, upsampling) for fine, coarse in pairs)
        self.decode = nn.ModuleList(
            DoubleConvolution(2 * fine, fine, dropout=dropout) for fine, _ in pairs
        )
        self.leave = nn.Conv2d(channels, out_channels, 1)

    def forward(self, planes: Tensor) -> Tensor:
        """(N, in, H, W), sides multiples of `multiple_of` → (N, out, H, W)."""
        skips = [self.enter(planes)]
        for down, encode in zip(self.down, self.encode, strict=True):
            skips.append(encode(down(skips[-1])))
        features = self.view(skips.pop())
        for up, decode in zip(reversed(self.up), reversed(self.decode), strict=True):
            features = decode(torch.cat((skips.pop(), up(features)), dim=1))
        return self.leave(features)


def _down(channels: int, sampling: Sampling) -> nn.Module:
    if sampling == "fixed":
        return nn.AvgPool2d(2)
    return nn.Conv2d(channels, channels, 3, stride=2, padding=1)


def _up(before: int, after: int, sampling: Sampling) -> nn.Module:
    if sampling == "fixed":
        bilinear = nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False)
        return nn.Sequential(bilinear, nn.Conv2d(before, after, 1))
    return nn.ConvTranspose2d(before, after, 2, stride=2)
