"""Operators of a written graph that stand for several of torch's.

Engines compute each in one pass, while its values are in their caches, where they would carry every
step to memory and back. Only for use while `torch.onnx.is_in_onnx_export()`; what they stand for is
next to their callers, and an export compares the two.
"""

from __future__ import annotations

import torch
from torch import Tensor

ATTENTION_OPSET = 23
"""From which on ONNX has an operator for attention."""


def attend(query: Tensor, key: Tensor, value: Tensor, bias: Tensor) -> Tensor:
    """softmax(query·keyᵀ + bias)·value for each head.

    `query`, `key` and `value` are (N, tokens, heads·channels), `bias` (heads, tokens, tokens) →
    as `value`.
    """
    heads = bias.shape[0]
    return torch.onnx.ops.symbolic(
        "Attention",
        (query, key, value, bias[None]),
        {"q_num_heads": heads, "kv_num_heads": heads, "scale": 1.0},
        dtype=value.dtype,
        shape=value.shape,
        version=ATTENTION_OPSET,
    )


def normalise_groups(features: Tensor, *, groups: int, epsilon: float) -> Tensor:
    """(features − mean) / √(variance + ε) of each picture and group, (N, C, H, W) → the same.

    As the normalisation of a few long channels: of GroupNormalization engines make a dozen passes.
    """
    together = features.unflatten(1, (groups, -1)).flatten(2)
    plain = torch.onnx.ops.symbolic(
        "InstanceNormalization",
        (together, features.new_ones(groups), features.new_zeros(groups)),
        {"epsilon": epsilon},
        dtype=together.dtype,
        shape=together.shape,
        version=1,
    )
    return plain.view(features.shape)
