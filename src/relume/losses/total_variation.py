"""Smoothness of a map."""

from __future__ import annotations

from torch import Tensor


def squared_total_variation(maps: Tensor) -> Tensor:
    """Sum squared differences of neighbours, per sample of the map and twice.

    2·(Σ(∂h)² / ((H−1)·W) + Σ(∂w)² / (H·(W−1))) / N, summed over channels too.
    (N, C, H, W) → ≥ 0. A side of one pixel has no differences and adds nothing.
    Source: Zero-DCE (Guo et al., CVPR 2020), equation 8, as the code of SGZ weighs it.
    """
    count, _, height, width = maps.shape
    vertical = (maps[..., 1:, :] - maps[..., :-1, :]).square().sum() / max((height - 1) * width, 1)
    horizontal = (maps[..., 1:] - maps[..., :-1]).square().sum() / max(height * (width - 1), 1)
    return 2 * (vertical + horizontal) / count


def central_variation(maps: Tensor) -> Tensor:
    """Average the absolute differences of samples two apart, vertically and horizontally.

    mean |m(i+2, j) − m(i, j)| + mean |m(i, j+2) − m(i, j)|, a side below three adds nothing.
    (N, C, H, W) → ≥ 0. Source: PairLIE (Fu et al., CVPR 2023), as its published code computes it.
    """
    vertical = (maps[..., 2:, :] - maps[..., :-2, :]).abs()
    horizontal = (maps[..., 2:] - maps[..., :-2]).abs()
    return sum((part.mean() for part in (vertical, horizontal) if part.numel()), maps.new_zeros(()))
