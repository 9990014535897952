"""The waves of the discrete cosine transform."""

from __future__ import annotations

import torch
from torch import Tensor


def cosine_waves(places: Tensor, *, count: int) -> Tensor:
    """Return the orthonormal waves over `count` samples, (frequency, place).

    `places` (P,) count samples and may lie between them.
    Source: Ahmed, Natarajan, Rao, IEEE Trans. Computers C-23(1), 1974.
    """
    waves = torch.cos(torch.pi / count * torch.arange(count)[:, None] * (places + 0.5))
    waves = waves * (2 / count) ** 0.5
    waves[0] = count**-0.5
    return waves
