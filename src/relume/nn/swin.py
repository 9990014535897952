"""Attention inside windows of 8×8 pixels, at full resolution.

Liu et al., Swin Transformer V2, CVPR 2022, equations 2 to 4: cosine similarity with a learned
scale per head, a continuous relative-position bias, and normalisation after each branch. Tokens lie
window by window, (windows, 64, channels), and channels come first inside the attention: then
neither heads nor windows need to be transposed.
"""

from __future__ import annotations

from math import log
from typing import ClassVar, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from relume.nn.graph_operators import ATTENTION_OPSET, attend
from relume.nn.windows import SIDE, TOKENS, Layout, Marks

LARGEST_SCALE = log(100.0)
"""Of the logarithm of a head's scale (section 3.3)."""
POSITION_WIDTH = 512
POSITION_RANGE = 16.0
"""The bias lies between 0 and this."""


class PositionBias(nn.Module):
    """Say how near two pixels of a window count as, from their log-spaced distance (equation 4)."""

    coordinates: Tensor
    pairs: Tensor

    def __init__(self, heads: int) -> None:
        super().__init__()
        self.inner = nn.Linear(2, POSITION_WIDTH)
        self.outer = nn.Linear(POSITION_WIDTH, heads, bias=False)
        steps = torch.arange(1 - SIDE, SIDE, dtype=torch.float32) * (8 / (SIDE - 1))
        spaced = steps.sign() * (1 + steps.abs()).log2() / 3
        table = torch.stack(torch.meshgrid(spaced, spaced, indexing="ij"), dim=-1).view(-1, 2)
        line = torch.arange(SIDE)
        places = torch.stack(torch.meshgrid(line, line, indexing="ij")).view(2, TOKENS)
        apart = places[:, :, None] - places[:, None] + SIDE - 1
        self.register_buffer("coordinates", table, persistent=False)
        self.register_buffer("pairs", apart[0] * (2 * SIDE - 1) + apart[1], persistent=False)

    def forward(self) -> Tensor:
        """Return (heads, 64, 64)."""
        table = self.outer(functional.relu(self.inner(self.coordinates)))
        return POSITION_RANGE * table.T.sigmoid()[:, self.pairs]


class WindowAttention(nn.Module):
    """Let the 64 pixels of a window look at each other; (windows, 64, channels) → the same."""

    opset: ClassVar[int] = ATTENTION_OPSET
    """What a written graph of it needs at least."""

    def __init__(self, channels: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.scale = nn.Parameter(torch.full((heads, 1, 1), log(10.0)))
        self.query = nn.Linear(channels, channels)
        self.key = nn.Linear(channels, channels, bias=False)
        self.value = nn.Linear(channels, channels)
        self.position = PositionBias(heads)
        self.last = nn.Linear(channels, channels)

    def forward(self, tokens: Tensor, bias: Tensor, marks: Marks | None) -> Tensor:
        """(pixels, channels), window by window → the same. `bias` is that of the position, `marks`
        are those of shifted windows."""
        windows = tokens.view(-1, TOKENS, tokens.shape[1])
        across = windows.mT
        query = self.query.weight @ across + self.query.bias[:, None]
        scale = self.scale.clamp(max=LARGEST_SCALE).exp()
        query = self._directions(query, scale)
        key = self._directions(self.key.weight @ across, torch.ones_like(scale))
        if marks is not None:
            query, key = _marked(query, marks.query), _marked(key, marks.key)
        if torch.onnx.is_in_onnx_export():
            value = windows @ self.value.weight.mT
            mixed = attend(query.flatten(1, 2).mT, key.flatten(1, 2).mT, value, bias)
        else:
            value = (self.value.weight @ across).unflatten(1, (self.heads, -1))
            similar = query.mT @ key + bias
            mixed = (value @ similar.softmax(dim=3).mT).flatten(1, 2).mT
        # Shares sum to 1, so the bias of the values may be added behind them.
        shift = self.last.weight @ self.value.bias + self.last.bias
        return functional.linear(mixed.reshape(tokens.shape), self.last.weight, shift)

    def _directions(self, features: Tensor, scale: Tensor) -> Tensor:
        """Give each head's vectors the length `scale`, (windows, channels, 64) → split by head."""
        split = features.unflatten(1, (self.heads, -1))
        length = torch.linalg.vector_norm(split, dim=2, keepdim=True)
        return split * (scale / length.clamp(min=1e-12))


class Block(nn.Module):
    """Attention and a two-layer perceptron, each normalised, then added."""

    def __init__(self, channels: int, *, heads: int, ratio: float) -> None:
        super().__init__()
        self.attention = WindowAttention(channels, heads)
        self.norm1 = nn.LayerNorm(channels)
        self.inner = nn.Linear(channels, int(channels * ratio))
        self.outer = nn.Linear(int(channels * ratio), channels)
        self.norm2 = nn.LayerNorm(channels)

    def forward(self, tokens: Tensor, bias: Tensor, marks: Marks | None) -> Tensor:
        tokens = tokens + self.norm1(self.attention(tokens, bias, marks))
        return tokens + self.norm2(self.outer(functional.gelu(self.inner(tokens))))


class Group(nn.Module):
    """Two blocks, the second in shifted windows, a 3×3 and a 1×1 convolution, and the input."""

    def __init__(self, channels: int, *, heads: int, ratio: float) -> None:
        super().__init__()
        self.plain = Block(channels, heads=heads, ratio=ratio)
        self.shifted = Block(channels, heads=heads, ratio=ratio)
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)
        self.mix = nn.Conv2d(channels, channels, 1)

    def prepare(self) -> tuple[Tensor, Tensor]:
        """Return the position biases of both blocks."""
        return self.plain.attention.position(), self.shifted.attention.position()

    def forward(
        self,
        tokens: Tensor,
        biases: tuple[Tensor, Tensor],
        layout: Layout,
        size: tuple[int, int],
    ) -> Tensor:
        """(N, H·W, channels), row by row → the same."""
        shape = tokens.shape
        inner = tokens.index_select(1, layout.to_plain).flatten(0, 1)
        inner = self.plain(inner, biases[0], None).view(shape)
        inner = inner.index_select(1, layout.to_shifted).flatten(0, 1)
        marks = Marks(*(each.repeat(shape[0], 1, 1) for each in layout.marks))
        inner = self.shifted(inner, biases[1], marks).view(shape)
        inner = inner.index_select(1, layout.to_rows)
        # One convolution does what the two would: nothing lies between them.
        across = self.mix.weight[:, :, 0, 0]
        kernel = torch.einsum("oc,cikl->oikl", across, self.conv.weight)
        shift = across @ self.conv.bias + self.mix.bias  # pyright: ignore[reportOptionalOperand, reportOperatorIssue]
        picture = inner.transpose(1, 2).unflatten(2, size)
        return tokens + functional.conv2d(picture, kernel, shift, padding=1).flatten(2).mT


class SwinFeatures(nn.Module):
    """Two groups between 1×1 and 3×3 convolutions, added to the input.

    Conde et al., Swin2SR, ECCVW 2022, section 3.1: its deep feature extraction with patches of one
    pixel. (N, channels, H, W), H and W multiples of 8 → the same.
    """

    def __init__(self, channels: int, *, heads: int = 4, ratio: float = 2.0) -> None:
        super().__init__()
        self.embed = nn.Conv2d(channels, channels, 1)
        self.norm1 = nn.LayerNorm(channels)
        self.groups = nn.ModuleList(Group(channels, heads=heads, ratio=ratio) for _ in range(2))
        self.norm2 = nn.LayerNorm(channels)
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)

    def prepare(self) -> list[tuple[Tensor, Tensor]]:
        """Return what depends on parameters alone, for use with many `features`."""
        return [cast("Group", group).prepare() for group in self.groups]

    def forward(
        self, features: Tensor, prepared: list[tuple[Tensor, Tensor]], layout: Layout
    ) -> Tensor:
        size = (features.shape[2], features.shape[3])
        tokens = self.norm1(self.embed(features).flatten(2).mT)
        for group, biases in zip(self.groups, prepared, strict=True):
            tokens = group(tokens, biases, layout, size)
        inner = self.norm2(tokens).transpose(1, 2).unflatten(2, size)
        return features + self.conv(inner)


def _marked(vectors: Tensor, marks: Tensor) -> Tensor:
    """Append marks to each head's vectors, (windows, heads, channels, 64)."""
    return torch.cat((vectors, marks[:, None].expand(-1, vectors.shape[1], -1, -1)), dim=2)
