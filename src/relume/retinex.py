"""Centre and surround of Retinex, and the stretch that makes a picture of their difference.

S = 255·E + 1, so that logarithms are not negative (Petro, Sbert, Morel, Multiscale Retinex, IPOL 4,
2014, doi 10.5201/ipol.2014.107); the surround is Σ_k ln(G_σk * S)/n. As it is smooth, it is found
on a reduced picture. The stretch is the simplest colour balance (Limare et al., IPOL 1, 2011,
doi 10.5201/ipol.2011.llmps-scb): values below and above two ranks become 0 and 1.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from relume.arrays import Floats, Map, Picture
from relume.card import Knob
from relume.filters.gaussian import blur
from relume.filters.sample import read, thin
from relume.filters.size import working_size
from relume.render import Grid, Local, centred, reduce

ENOUGH = 250_000
"""Pixels of the reduced picture, unless the narrowest Gaussian needs more."""
FINEST = 2.5
"""Pixels of the reduced picture that a Gaussian must keep: the enlargement errs by 1 % of what such
a Gaussian leaves."""
FLAT = 1e-4
"""A spread of logarithms that is only rounding: the picture is constant."""

SURROUNDS = (
    Knob("small", 15.0, low=1.0, high=1000.0, meaning="width σ of the first surround, pixels"),
    Knob("medium", 80.0, low=1.0, high=1000.0, meaning="width σ of the second surround"),
    Knob("large", 250.0, low=1.0, high=1000.0, meaning="width σ of the third surround"),
)
"""What the three surrounds of multi-scale Retinex are."""
GRID = (
    Knob("reference", 0.0, low=0.0, high=10000.0,
         meaning="shorter side that the widths are meant for; 0 takes pixels as they are"),
    Knob("exact", 0.0, low=0.0, high=1.0, whole=True, meaning="1 blurs at full size"),
)  # fmt: skip
"""What the surrounds are measured in, and how small a picture they are found on."""


def light(encoded: Floats) -> Floats:
    """Return S in [1, 256]."""
    return encoded * encoded.dtype.type(255.0) + encoded.dtype.type(1.0)


def surrounding(
    picture: Picture,
    *,
    sigmas: Sequence[float],
    reference: float,
    exact: float,
    of: Callable[[Floats], Floats] = light,
) -> tuple[Map, Grid]:
    """Return the surround of a picture, (h, w, C), and where it lies: `sigmas` and `reference` in
    pixels, `exact` not 0 for the full size, `of` encoded samples (…, 3) to those that are blurred.
    """
    size = (picture.shape[0], picture.shape[1])
    scaled = widths(sigmas, size=size, reference=reference)
    most = size[0] * size[1] if exact else ENOUGH
    small, factor = working_size(*size, most=most, largest=max(min(scaled) / FINEST, 1.0))
    samples = of(reduce(picture, height=small[0], width=small[1]))
    return surround(samples, sigmas=scaled, factor=factor), centred(small, size)


def sampled(around: Map, picture: Picture) -> Map:
    """Return a surround at the pixels of a picture that `thin` takes."""
    return read(around, size=(picture.shape[0], picture.shape[1]))


def stretched(picture: Picture, around: Map, grid: Grid, *, low: float, high: float) -> Local:
    """Return the difference of each channel to its surround, stretched between two ranks that the
    channels share."""
    differences = np.log(light(thin(picture))) - sampled(around, picture)
    bottom, top = ranks(differences, low=low, high=high)
    return Local(partial(against, bottom=bottom, top=top), around, grid)


def against(encoded: Floats, around: Map, *, bottom: float, top: float) -> Floats:
    """Return the stretched difference of pixels (…, C) to their surround."""
    if top - bottom < FLAT:
        return encoded
    differences = np.log(light(encoded)) - around[..., : encoded.shape[-1]]
    return stretch(differences, low=bottom, high=top)


def widths(
    sigmas: Sequence[float], *, size: tuple[int, int], reference: float
) -> tuple[float, ...]:
    """Return the Gaussians in pixels, as they are or scaled from a shorter side of `reference`."""
    scale = min(size) / reference if reference else 1.0
    return tuple(sigma * scale for sigma in sigmas)


def surround(samples: Floats, *, sigmas: Sequence[float], factor: float) -> Map:
    """Return Σ ln(G * S)/n of S (h, w, C) reduced by `factor`; `sigmas` in full-size pixels."""
    # Averaging over pixels and enlarging linearly blur too: with variances of 1/12 and 1/6.
    added = 0.25 if factor > 1.0 else 0.0
    logs = [
        np.log(blur(samples, sigma=float(np.sqrt(max((sigma / factor) ** 2 - added, 0.0)))))
        for sigma in sigmas
    ]
    return np.asarray(np.mean(logs, axis=0), np.float32)


def ranks(values: Floats, *, low: float, high: float) -> tuple[float, float]:
    """Return the values that `low` and `high` per cent lie beyond."""
    flat = values.ravel()
    first = int(low * flat.size / 100.0)
    last = flat.size - 1 - int(high * flat.size / 100.0)
    ordered = np.partition(flat, (first, last))
    return float(ordered[first]), float(ordered[last])


def stretch(values: Floats, *, low: Floats | float, high: Floats | float) -> Floats:
    """Map [low, high] to [0, 1] and clip."""
    return np.clip((values - low) / np.subtract(high, low), 0.0, 1.0).astype(values.dtype)
