"""Structural similarity as a term that can be minimised."""

from __future__ import annotations

import torch
from torch import Tensor

from relume.errors import ContractError

WINDOW = 11
DEVIATION = 1.5
C1, C2 = 0.01**2, 0.03**2


def dissimilarity(preds: Tensor, target: Tensor) -> Tensor:
    """Return 1 − SSIM, the mean over pictures; see `similarity`, → [0, 2]."""
    return 1 - similarity(preds, target).mean()


def similarity(preds: Tensor, target: Tensor) -> Tensor:
    """Return SSIM per picture, the mean over places and channels, in [−1, 1].

    Gaussian 11×11 of σ = 1.5, valid region, white = 1: `relume.metrics.ssim` with `gauss11`.
    (N, C, H, W) in [0, 1] twice, sides of at least 11 → (N,).
    Source: Wang, Bovik, Sheikh, Simoncelli, IEEE TIP 13(4), 2004, equation 13.
    Raises: ContractError for smaller pictures.
    """
    height, width = preds.shape[-2:]
    if min(height, width) < WINDOW:
        raise ContractError(
            f"SSIM as an objective needs sides of at least {WINDOW} pixels, got {height}×{width}; "
            "raise data.sides or data.size of the recipe"
        )
    # The variances are small differences of large sums: halves would leave nothing of them.
    with torch.autocast(preds.device.type, enabled=False):
        # Around mid-gray those sums are smallest.
        x, y = preds.float() - 0.5, target.float() - 0.5
        rows, columns = _window(height, like=x), _window(width, like=x).T
        # The index needs the sum of both variances only, so four planes are averaged, not five.
        planes = torch.stack((x, y, x.square() + y.square(), x * y))
        mean_x, mean_y, power, product = (rows @ planes @ columns).unbind()
        covariance = product - mean_x * mean_y
        variances = power - mean_x.square() - mean_y.square()
        mean_x, mean_y = mean_x + 0.5, mean_y + 0.5
        likeness = (2 * mean_x * mean_y + C1) * (2 * covariance + C2)
        index = likeness / ((mean_x.square() + mean_y.square() + C1) * (variances + C2))
        return index.flatten(1).mean(dim=1)


def _window(side: int, *, like: Tensor) -> Tensor:
    """Return the matrix that averages a line of `side` samples where the window lies inside it.

    As a matrix product it is several times faster on a CPU than a convolution of each channel.
    """
    offsets = torch.arange(WINDOW, dtype=like.dtype, device=like.device) - WINDOW // 2
    weights = torch.exp(-0.5 * (offsets / DEVIATION) ** 2)
    weights = weights / weights.sum()
    starts = torch.arange(side - WINDOW + 1, device=like.device)
    taps = starts[:, None] + torch.arange(WINDOW, device=like.device)
    matrix = like.new_zeros(len(starts), side)
    return matrix.scatter(1, taps, weights.expand(len(starts), -1))
