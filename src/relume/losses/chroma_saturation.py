"""Distance of two pictures in colourfulness."""

from __future__ import annotations

from torch import Tensor

# Weights of luma, ITU-R BT.601.
RED, GREEN, BLUE = 0.299, 0.587, 0.114


def saturation_distance(enhanced: Tensor, high: Tensor) -> Tensor:
    """Mean |saturation(enhanced) − saturation(high)|, saturation = (max − min)/(max + 1e-6).

    (N, 3, H, W) twice, cut to [0, 1] → [0, 1]. Source: HVR-SSLE.
    """

    def saturation(image: Tensor) -> Tensor:
        image = image.clamp(0, 1)
        largest = image.amax(dim=1)
        return (largest - image.amin(dim=1)) / (largest + 1e-6)

    return (saturation(enhanced) - saturation(high)).abs().mean()


def chroma_distance(enhanced: Tensor, high: Tensor) -> Tensor:
    """Mean |ΔCb| + |ΔCr| with Cb = B − Y, Cr = R − Y and luma Y.

    (N, 3, H, W) twice, cut to [0, 1] → ≥ 0. Source: HVR-SSLE.
    """
    red, green, blue = (enhanced.clamp(0, 1) - high.clamp(0, 1)).unbind(dim=1)
    luma = RED * red + GREEN * green + BLUE * blue
    return ((blue - luma).abs() + (red - luma).abs()).mean()


def chroma_saturation(enhanced: Tensor, high: Tensor) -> Tensor:
    """0.1 · saturation distance + 0.5 · chroma distance, as HVR-SSLE weighs them."""
    return 0.1 * saturation_distance(enhanced, high) + 0.5 * chroma_distance(enhanced, high)
