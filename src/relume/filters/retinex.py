"""Centre and surround of Retinex, and the stretch that makes a picture of their difference.

S = 255·E + 1, so that logarithms are not negative (Petro, Sbert, Morel, Multiscale Retinex, IPOL 4,
2014, doi 10.5201/ipol.2014.107); the surround is Σ_k ln(G_σk * S)/n. As it is smooth, it is found
on a reduced picture. The stretch is the simplest colour balance (Limare et al., IPOL 1, 2011,
doi 10.5201/ipol.2011.llmps-scb): values below and above two ranks become 0 and 1.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from relume.arrays import Floats, Map
from relume.filters.gaussian import blur

ENOUGH = 250_000
"""Pixels of the reduced picture, unless the narrowest Gaussian needs more."""
FINEST = 2.5
"""Pixels of the reduced picture that a Gaussian must keep: the enlargement errs by 1 % of what such
a Gaussian leaves."""
FLAT = 1e-4
"""A spread of logarithms that is only rounding: the picture is constant."""


def light(encoded: Floats) -> Floats:
    """Return S in [1, 256]."""
    return encoded * encoded.dtype.type(255.0) + encoded.dtype.type(1.0)


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
