"""Layouts of windows against rolling and cutting a picture, and what windows let through."""

from __future__ import annotations

import pytest
import torch

from relume.nn.swin import SwinFeatures, WindowAttention
from relume.nn.unet_plus_plus import UNetPlusPlus
from relume.nn.windows import MASK, SHIFT, SIDE, TOKENS, lay_out

CPU = torch.device("cpu")


def cut(picture: torch.Tensor) -> torch.Tensor:
    """(H, W) → (windows, 64)."""
    height, width = picture.shape
    return (
        picture.view(height // SIDE, SIDE, width // SIDE, SIDE)
        .permute(0, 2, 1, 3)
        .reshape(-1, TOKENS)
    )


@pytest.mark.parametrize(("height", "width"), [(8, 8), (8, 24), (16, 8), (24, 40)])
def test_orders_are_those_of_rolled_and_cut_pictures(height: int, width: int) -> None:
    layout = lay_out(height, width, device=CPU)
    rows = torch.arange(height * width)
    plain = rows[layout.to_plain]
    picture = rows.view(height, width)
    assert torch.equal(plain.view(-1, TOKENS), cut(picture))
    shifted = plain[layout.to_shifted]
    rolled = picture.roll((-SHIFT, -SHIFT), (0, 1))
    assert torch.equal(shifted.view(-1, TOKENS), cut(rolled))
    assert torch.equal(shifted[layout.to_rows], rows)


@pytest.mark.parametrize(("height", "width"), [(8, 8), (16, 24)])
def test_marks_part_what_only_wrapping_joins(height: int, width: int) -> None:
    query, key = lay_out(height, width, device=CPU).marks
    region = torch.zeros(height, width)
    region[-SHIFT:] += 1
    region[:, -SHIFT:] += 2
    windows = cut(region)
    expected = torch.where(windows[:, :, None] == windows[:, None], 0.0, -MASK)
    # The root of 3 is rounded.
    assert (query.mT @ key - expected).abs().max() < 1e-4


def test_attention_equals_a_plain_computation() -> None:
    torch.manual_seed(0)
    attention = WindowAttention(8, 2)
    tokens = torch.randn(3 * TOKENS, 8)
    bias = attention.position()
    windows = tokens.view(3, TOKENS, 8)
    layers = (attention.query, attention.key, attention.value)
    query, key, value = (layer(windows).view(3, TOKENS, 2, 4).transpose(1, 2) for layer in layers)
    cosine = torch.nn.functional.cosine_similarity(query[:, :, :, None], key[:, :, None], dim=-1)
    share = (attention.scale.exp() * cosine + bias).softmax(dim=-1)
    expected = attention.last((share @ value).transpose(1, 2).reshape(3, TOKENS, 8))
    found = attention(tokens, bias, None).view(3, TOKENS, 8)
    assert (found - expected).abs().max() < 1e-5


def test_position_bias_depends_on_the_distance_alone() -> None:
    torch.manual_seed(0)
    bias = WindowAttention(8, 2).position()
    grid = bias.view(2, SIDE, SIDE, SIDE, SIDE)
    assert torch.equal(grid[:, 0, 0, 1, 2], grid[:, 4, 3, 5, 5])
    assert 0 < bias.min() < bias.max() < 16


def test_features_of_one_picture_do_not_depend_on_its_neighbours_in_the_batch() -> None:
    torch.manual_seed(0)
    swin, net = SwinFeatures(8, heads=2).eval(), UNetPlusPlus(8, groups=2).eval()
    pictures = torch.randn(2, 8, 16, 24)
    layout, prepared = lay_out(16, 24, device=CPU), swin.prepare()
    with torch.no_grad():
        both = swin(pictures, prepared, layout)
        alone = swin(pictures[1:], prepared, layout)
        assert (both[1:] - alone).abs().max() < 1e-5
        both = net(net.prepare(pictures), pictures)
        alone = net(net.prepare(pictures[1:]), pictures[1:])
        assert (both[1:] - alone).abs().max() < 1e-5


def test_what_is_prepared_is_what_a_joined_convolution_gives() -> None:
    torch.manual_seed(0)
    net = UNetPlusPlus(8, groups=2).eval()
    fixed, varying = torch.randn(2, 1, 8, 16, 16).unbind()
    joined = net.block00.conv1(torch.cat((fixed, varying), dim=1))
    kernel = net.block00.conv1.weight[:, 8:]
    parts = net.prepare(fixed) + torch.nn.functional.conv2d(varying, kernel, padding=1)
    assert (joined - parts).abs().max() < 1e-5
