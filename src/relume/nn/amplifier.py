"""From the histogram of a dark mosaic to the factor that brings it to daylight.

Lamba et al., LLPackNet, BMVC 2020, arXiv 2011.14133, section 3.1.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

EDGES = 64
"""(2^k − 1)/255 for 64 values of k from 0 to 8: narrow bins in the dark, the last ends at 1."""
BINS = EDGES - 1
STOPS = 8
MOST_STOPS = 10.0
"""Sensors have 14 bits: an amplification beyond 2^10 would show four bits and noise."""
FLOOR = 1e-4
"""The least amplification of the published network."""
CELL = 16
"""Rows of which the histogram in stops reads two, a row of each colour pair: the eighth part of a
mosaic tells as much, and counting is the slowest thing the network does per sample."""


def histogram(mosaic: Tensor) -> Tensor:
    """Return relative counts, (N, 1, H, W) in [0, 1] → (N, 63) with sum 1.

    The bin of m is ⌊63/8 · log₂(1 + 255·m)⌋; 1 itself belongs to the last.
    """
    count, _, height, width = mosaic.shape
    place = torch.log2(1 + 255 * mosaic) * (BINS / STOPS)
    bins = place.clamp(0, BINS - 1).to(torch.int64).reshape(count, height, width)
    # Row by row: a sum of ones in float32 ends at 2²⁴, which a large mosaic passes.
    rows = torch.zeros(count, height, BINS, dtype=mosaic.dtype, device=mosaic.device)
    rows = rows.scatter_add(2, bins, torch.ones_like(bins, dtype=mosaic.dtype))
    return rows.mean(dim=1) / width


class StopsAmplifier(nn.Module):
    """Histogram → amplification in [1, 1024], estimated in stops, so that errors are relative.

    It reads two rows of every sixteen; the height must be a multiple of that.
    """

    def __init__(self) -> None:
        super().__init__()
        self.hidden = nn.Linear(BINS, 128)
        self.stops = nn.Linear(128, 1)
        nn.init.constant_(self.stops.bias, STOPS / 2)

    def forward(self, mosaic: Tensor) -> Tensor:
        """(N, 1, H, W) in [0, 1] → (N, 1, 1, 1)."""
        pairs = mosaic.unflatten(2, (-1, CELL))[:, :, :, :2].flatten(2, 3)
        # Relative counts are small numbers: brought to a mean of 1.
        stops = self.stops(torch.relu(self.hidden(BINS * histogram(pairs))))
        return torch.exp2(stops.clamp(0.0, MOST_STOPS))[..., None, None]


class LinearAmplifier(nn.Module):
    """Histogram → amplification as published: linear in the counts, at least 1e-4."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden = nn.Linear(BINS, 128)
        self.factor = nn.Linear(128, 1)
        nn.init.ones_(self.factor.bias)

    def forward(self, mosaic: Tensor) -> Tensor:
        """(N, 1, H, W) in [0, 1] → (N, 1, 1, 1)."""
        factor = self.factor(self.hidden(histogram(mosaic)))
        return factor.clamp(min=FLOOR)[..., None, None]
