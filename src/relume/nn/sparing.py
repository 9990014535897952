"""Where a picture is not to be lifted: what is bright or has its light, and what holds nothing."""

from __future__ import annotations

from collections.abc import Callable

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

LIT = (0.2, 0.35)
"""Luma of what is not empty, weighted by itself, up to which a night may be a photo that is dark
everywhere, and from which something in it is lit: 100 held-out photos darkened by 5 stops, most of
them, have less than the first, flashes, facades and windows more than the second."""

MIDDLE = 0.44
"""Mean luma of what is lit in a night up to which it is lifted: that of the median of 656
well-exposed photographs."""

WHITE = (0.85, 1.0)
"""Encoded value of the brightest channel from which a place counts as white, and as wholly so."""

HOLDS = (0.001, 0.005)
"""Part of a picture that is white, up to which this tells nothing, and from which on exposure was
not what it lacked: something in it had its light."""

STANDING = 0.4
"""Part of the lift that a picture which holds white does without, where it is lit."""

WHOLLY = 0.5
"""Encoded value of the brightest channel from which a place is held back as far as any."""

Relit = Callable[[Tensor, Tensor], Tensor]
"""(N, 3, h, w) in [0, 1] and (N, 5, h, w) → (N, 3, h, w) in [0, 1]."""


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
    found = empty = _empty(gray, floor)
    for share, ends in (
        (windows(empty, radius=5), AROUND),
        (empty.mean((2, 3), keepdim=True), OVERALL),
    ):
        found = found * _between(share, ends)
    return found


def toned(maps: Tensor, small: Tensor, *, highlights: Tensor | float, relit: Relit) -> Tensor:
    """Lift less what has its light already, by the part `highlights`: a face in a flash, a facade,
    a window of a black room. How dark the rest is tells nothing of their exposure.

    With b = min(1, brightest channel / WHOLLY), a picture that holds white has its maps multiplied
    by 1 − STANDING · holds · highlights · b,

        holds = s(mean of s(brightest channel; WHITE); HOLDS)

    Then, with w = 1 − e, e of `nothing` at FLOOR, and the luma Y of places,

        t = highlights · √b
        night = s(mean of e; OVERALL),  lit = s(mean of w·Y² / mean of w·Y; LIT)
        m(c) = mean of w · luma of what maps·(1 − c·t) make of the picture / mean of w
        c = clip((m(0) − MIDDLE)/(m(0) − m(1)), 0, 1)

    and the maps are multiplied by 1 − night·lit·c·t: what is lit in a night becomes, as a whole, as
    light as photos are in the middle, and the order of its levels stays. Means are over the
    picture; s(x; from, to) is 0 up to `from` and 1 beyond `to`.
    """
    gray = _luma(small)
    empty = _empty(gray, FLOOR)
    held = 1 - empty

    def mean(values: Tensor) -> Tensor:
        return values.mean((2, 3), keepdim=True)

    brightest = small.amax(dim=1, keepdim=True)
    light = (brightest / WHOLLY).clamp(0, 1)
    holds = _between(mean(_between(brightest, WHITE)), HOLDS)
    maps = maps * (1 - STANDING * holds * highlights * light)

    night = _between(mean(empty), OVERALL)
    lit = _between(mean(held * gray * gray) / (mean(held * gray) + 1e-6), LIT)
    part = highlights * light.sqrt()

    def level(of: Tensor) -> Tensor:
        return mean(held * _luma(relit(small, of))) / (mean(held) + 1e-6)

    usual, least = level(maps), level(maps * (1 - part))
    wanted = ((usual - MIDDLE) / (usual - least).clamp(min=1e-3)).clamp(0, 1)
    return maps * (1 - night * lit * wanted * part)


def _luma(image: Tensor) -> Tensor:
    return 0.299 * image[:, :1] + 0.587 * image[:, 1:2] + 0.114 * image[:, 2:]


def _empty(gray: Tensor, floor: Tensor | float) -> Tensor:
    level, floor = (255 * gray).square().square(), torch.as_tensor(floor) ** 4
    return floor / (floor + level + 1e-6)


def _between(values: Tensor, ends: tuple[float, float]) -> Tensor:
    return ((values - ends[0]) / (ends[1] - ends[0])).clamp(0, 1)


def windows(values: Tensor, *, radius: int) -> Tensor:
    """Return the means of square windows around each place; beyond the border it goes on."""
    wide = functional.pad(values, (radius,) * 4, mode="replicate")
    return functional.avg_pool2d(wide, 2 * radius + 1, stride=1)
