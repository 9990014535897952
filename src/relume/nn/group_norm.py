"""Group normalisation that stays cheap in a written graph."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from relume.nn.graph_operators import normalise_groups


class GroupNorm(nn.GroupNorm):
    """As in torch: mean 0 and variance 1 in each group of channels, then a scale and a shift for
    each channel.

    Wu & He, Group Normalization, ECCV 2018, equations 1, 2 and 6.
    """

    def forward(self, input: Tensor) -> Tensor:
        if not torch.onnx.is_in_onnx_export():
            return super().forward(input)
        plain = normalise_groups(input, groups=self.num_groups, epsilon=self.eps)
        # A convolution of single pixels: the activation behind it becomes part of it, and its
        # result lies as the next convolution wants it.
        return functional.conv2d(
            plain, self.weight[:, None, None, None], self.bias, groups=self.num_channels
        )
