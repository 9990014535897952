"""A convolution whose kernels are split into direction and length."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from relume.nn.checkpoint import State


class WeightNormalisedConv2d(nn.Module):
    """A convolution with the kernels g·v/‖v‖, one length g for each output channel.

    Salimans and Kingma, Weight Normalization, NeurIPS 2016, equation 2. The parameters are called
    as torch calls them, `weight_g` and `weight_v`; a state with a plain `weight` fits too.
    """

    def __init__(self, before: int, after: int, size: int, *, bias: bool) -> None:
        super().__init__()
        plain = nn.Conv2d(before, after, size, bias=bias)
        nn.init.kaiming_normal_(plain.weight, nonlinearity="relu")
        self.weight_v = nn.Parameter(plain.weight.detach().clone())
        self.weight_g = nn.Parameter(length(self.weight_v.detach()))
        self.bias = nn.Parameter(torch.zeros(after)) if bias else None
        self.padding = size // 2
        self.register_load_state_dict_pre_hook(_take_apart)

    def forward(self, features: Tensor) -> Tensor:
        kernel = folded(self.weight_g, self.weight_v)
        return functional.conv2d(features, kernel, self.bias, padding=self.padding)


def _take_apart(module: nn.Module, state: State, prefix: str, *_rest: Any) -> None:
    """Let a state with a plain `weight` fit."""
    plain = state.pop(f"{prefix}weight", None)
    if plain is not None:
        state[f"{prefix}weight_v"], state[f"{prefix}weight_g"] = plain, length(plain)


def length(kernels: Tensor) -> Tensor:
    """Return the Euclidean norm of each output channel's kernel, (O, I, h, w) → (O, 1, 1, 1)."""
    return torch.linalg.vector_norm(kernels, dim=(1, 2, 3), keepdim=True)


def folded(lengths: Tensor, directions: Tensor) -> Tensor:
    """Return the kernels that lengths and directions stand for."""
    return directions * (lengths / length(directions))


def fold_state(state: State) -> State:
    """Replace every pair of `weight_g` and `weight_v` of a state by the `weight` it stands for."""
    plain = dict(state)
    for name in state:
        stem = name.removesuffix("_v")
        if name.endswith("weight_v") and f"{stem}_g" in state:
            plain[stem] = folded(plain.pop(f"{stem}_g"), plain.pop(name))
    return plain
