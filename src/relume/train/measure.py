"""Distances to the reference on 8-bit values, where the network is; checked against metrics."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from relume.losses.ssim import similarity


def in_8_bits(image: Tensor) -> Tensor:
    """Round to what a file would hold; [0, 1] → whole numbers in [0, 255]."""
    return (image.float().clamp(0, 1) * 255).round()


def psnr(enhanced: Tensor, high: Tensor) -> Tensor:
    """Return 10·log₁₀(255² / mean squared error) per picture.

    (N, 3, H, W) twice, in [0, 255] → (N,), at most 100.
    """
    error = (enhanced - high).square().mean(dim=(1, 2, 3)) / 255**2
    return -10 * error.clamp(min=1e-10).log10()


def ssim(enhanced: Tensor, high: Tensor) -> Tensor:
    """Return the structural similarity per picture, as `relume.metrics.ssim`.

    (N, 3, H, W) twice, in [0, 255], sides of 11 or more → (N,) in [−1, 1].
    """
    return similarity(enhanced / 255, high / 255)


def told(values: Mapping[str, float]) -> str:
    """Return measured values for people."""
    units = {"psnr": " dB"}
    return ", ".join(
        f"{name if name == 'total' else name.upper()} {value:.4g}{units.get(name, '')}"
        for name, value in values.items()
    )
