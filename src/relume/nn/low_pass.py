"""A Gaussian low-pass whose cutoff is learned: the filter of a real Fourier transform, unrolled.

Its definition is by frequency: the picture is mirrored at its border, so that nothing wraps around,
transformed, multiplied with

    g(r) = exp(−r²·ln 2 / (2·f²)),  r = |frequency| in cycles per pixel,

and transformed back; at the cutoff f half of the power, 1/√2 of the amplitude, is left. g is
a product of a function of each axis, so the same filter is two passes with the taps
h(n) = ∫ g(r)·cos(2πrn) dr, and that is how it is computed here: a transform of any length takes
ONNX Runtime 20 times as long and loses two digits.
"""

from __future__ import annotations

from math import ceil, log, pi, sqrt

import torch
from torch import Tensor, nn
from torch.nn import functional

from relume.errors import ContractError

DEVIATIONS = 5
"""Half-width of the taps in standard deviations of the widest: 6e-7 of the sum lies outside."""

LEAST_RADIUS = 32
"""Near half a cycle per pixel the Gaussian is cut off, and its taps fade slowly."""

LEAST_OFFSET = 1e-3
"""Taps of 1,327 samples: beyond that, reduce the picture instead."""


class LowPass(nn.Module):
    """Keep what is coarser than a cutoff of sigmoid(`raw_cutoff`) / 2 + `offset` cycles per pixel.

    Waves finer than half a cycle per pixel do not exist. `offset` keeps the cutoff away from 0,
    and with it the number of taps finite.
    Raises: ContractError for an offset beyond [0.001, 0.5].
    """

    offset: Tensor
    frequencies: Tensor
    taps_of: Tensor

    def __init__(self, *, raw_cutoff: float, offset: float, trainable: bool) -> None:
        super().__init__()
        if not LEAST_OFFSET <= offset <= 0.5:
            raise ContractError(
                f"offset of a low-pass: expected {LEAST_OFFSET:g} to 0.5 cycles per pixel, "
                f"got {offset:g}"
            )
        self.register_buffer("offset", torch.tensor(offset))
        self.raw_cutoff = nn.Parameter(torch.tensor(raw_cutoff), requires_grad=trainable)
        # A Gaussian in frequency is one in space, of deviation √(ln 2) / (2πf).
        self.radius = max(LEAST_RADIUS, ceil(DEVIATIONS * sqrt(log(2)) / (2 * pi * offset)))
        count = 4 * self.radius
        steps = torch.arange(count // 2 + 1)
        places = torch.arange(-self.radius, self.radius + 1)
        weights = torch.full((len(steps), 1), 2 / count)
        weights[0] = weights[-1] = 1 / count
        waves = torch.cos(2 * pi / count * (steps[:, None] * places % count))
        self.register_buffer("frequencies", steps / count, persistent=False)
        self.register_buffer("taps_of", weights * waves, persistent=False)

    @property
    def cutoff(self) -> Tensor:
        """In cycles per pixel, in (offset, offset + 1/2)."""
        return torch.sigmoid(self.raw_cutoff) / 2 + self.offset

    def forward(self, plane: Tensor) -> Tensor:
        """Filter planes, (N, 1, H, W) with H, W ≥ 1 → the same."""
        gain = torch.exp(-self.frequencies.square() * log(2) / (2 * self.cutoff.square()))
        taps = gain @ self.taps_of
        rows = plane.index_select(2, self._mirrored(plane.shape[2], plane.device))
        smooth = functional.conv2d(rows, taps.view(1, 1, -1, 1))
        columns = smooth.index_select(3, self._mirrored(plane.shape[3], plane.device))
        return functional.conv2d(columns, taps.view(1, 1, 1, -1))

    def _mirrored(self, side: int, device: torch.device) -> Tensor:
        """Return the places that `radius` more samples on both sides are read from: …1 0 0 1 2…"""
        places = torch.arange(-self.radius, side + self.radius, device=device)
        period = torch.full_like(places, 2 * side)
        # Torch's remainder cannot be exported with a side that is not known.
        within = places - torch.div(places, period, rounding_mode="floor") * period
        return torch.minimum(within, period - 1 - within)
