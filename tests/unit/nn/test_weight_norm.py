"""Kernels of a length and a direction, against torch's own."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn.utils.parametrizations import weight_norm

from relume.nn.weight_norm import WeightNormalisedConv2d, fold_state


def test_equals_torch_and_its_folded_form() -> None:
    torch.manual_seed(0)
    ours = WeightNormalisedConv2d(5, 7, 3, bias=True)
    with torch.no_grad():
        ours.weight_g.mul_(torch.rand_like(ours.weight_g) + 0.5)
    theirs = weight_norm(nn.Conv2d(5, 7, 3, padding=1))
    with torch.no_grad():
        theirs.parametrizations.weight.original0.copy_(ours.weight_g)
        theirs.parametrizations.weight.original1.copy_(ours.weight_v)
        theirs.bias.copy_(ours.bias)
    plain = nn.Conv2d(5, 7, 3, padding=1)
    plain.load_state_dict(fold_state(ours.state_dict()))
    features = torch.randn(2, 5, 8, 9)
    # float32, the division before or after the sum over the kernel.
    assert torch.allclose(ours(features), theirs(features), atol=1e-5)
    assert torch.allclose(ours(features), plain(features), atol=1e-5)


def test_a_plain_weight_fits() -> None:
    torch.manual_seed(0)
    plain, ours = nn.Conv2d(4, 6, 1, bias=False), WeightNormalisedConv2d(4, 6, 1, bias=False)
    ours.load_state_dict(plain.state_dict())
    features = torch.randn(1, 4, 3, 3)
    assert torch.allclose(ours(features), plain(features), atol=1e-6)
    assert set(ours.state_dict()) == {"weight_g", "weight_v"}


def test_the_length_of_a_direction_does_not_matter() -> None:
    layer = WeightNormalisedConv2d(2, 3, 3, bias=True)
    features = torch.randn(1, 2, 5, 5)
    before = layer(features)
    with torch.no_grad():
        layer.weight_v.mul_(7)
    assert torch.allclose(layer(features), before, atol=1e-6)
