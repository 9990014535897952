"""Gray-world colour balance."""

from __future__ import annotations

from torch import Tensor


def colour_constancy(image: Tensor) -> Tensor:
    """Measure how far the mean colour of each picture is from gray.

    sqrt((m_R − m_G)⁴ + (m_R − m_B)⁴ + (m_G − m_B)⁴), mean over the batch.
    (N, 3, H, W) → ≥ 0. Source: SGZ (Zheng and Gupta, WACVW 2022), equation 6.
    """
    red, green, blue = image.mean(dim=(2, 3)).unbind(dim=1)
    fourth = (red - green) ** 4 + (red - blue) ** 4 + (green - blue) ** 4
    # The root has no slope at 0, where a gray picture would turn the gradient into NaN.
    return fourth.clamp(min=1e-16).sqrt().mean()
