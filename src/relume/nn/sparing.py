"""Where a picture is not to be lifted: what is bright already, and what holds nothing."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

BRIGHT = 0.7
"""Encoded value from which a place counts as bright already."""

BEYOND = (0.05, 0.3)
"""Logarithms of how far beyond white gains take a place from which on it is spared, and at which it
is left as it is. In held-out photos that were darkened evenly it is at most 0.1, in pictures with a
flash or a window 0.15 to 0.6."""

FLOOR = 2.0
"""Luma in levels of 8 bits at which a place holds half of nothing: there rounding alone is a
quarter of what it tells of light, and more of colour."""

AROUND = (0.3, 0.9)
"""Part of a place's surroundings that holds nothing, up to which the place is lifted as it is, and
from which it is not lifted."""

OVERALL = (0.15, 0.5)
"""Part of the whole picture that holds nothing, up to which this is so because a photo has shadows,
and from which it is because a night is black."""


def spared(maps: Tensor, small: Tensor, *, highlights: Tensor | float) -> Tensor:
    """Relight less what is bright already, each by the part `highlights`: gains that would lift the
    brightest channel beyond white are lowered to it, all maps fade out from BRIGHT to white, and
    they fade out where gains go far BEYOND white, since what is lit so has a light of its own."""
    brightest = small.amax(dim=1, keepdim=True)
    excess = maps[:, :3].amax(dim=1, keepdim=True) + brightest.clamp(min=1e-3).log()
    gains = maps[:, :3] - highlights * functional.relu(excess)
    white = ((brightest - BRIGHT) / (1 - BRIGHT)).clamp(0, 1)
    beyond = ((excess - BEYOND[0]) / (BEYOND[1] - BEYOND[0])).clamp(0, 1)
    kept = (1 - highlights * white) * (1 - highlights * beyond)
    return torch.cat((gains, maps[:, 3:]), dim=1) * kept


def nothing(gray: Tensor, *, floor: Tensor | float) -> Tensor:
    """Return how far the file holds nothing to be lifted, (N, 1, h, w) in [0, 1] → the same.

    e = f⁴/(f⁴ + n⁴) with the luma n of a place, `gray`, and the floor f, both in levels of 8 bits,
    times the part of its surroundings, windows of 11×11, and of the whole that is as empty, each
    between its ends, AROUND and OVERALL.
    """
    level, floor = (255 * gray).square().square(), torch.as_tensor(floor) ** 4
    found = empty = floor / (floor + level + 1e-6)
    for share, ends in (
        (windows(empty, radius=5), AROUND),
        (empty.mean((2, 3), keepdim=True), OVERALL),
    ):
        part = ((share - ends[0]) / (ends[1] - ends[0])).clamp(0, 1)
        found = found * part
    return found


def windows(values: Tensor, *, radius: int) -> Tensor:
    """Return the means of square windows around each place; beyond the border it goes on."""
    wide = functional.pad(values, (radius,) * 4, mode="replicate")
    return functional.avg_pool2d(wide, 2 * radius + 1, stride=1)
