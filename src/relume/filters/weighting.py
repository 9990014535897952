"""The gamma of each level from a weighted histogram, as AGCWD and its successor use it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def weighted_gamma(counts: NDArray[np.int64], *, alpha: float, floor: float) -> NDArray[np.float64]:
    """Return T(l) = l^γ(l) on the levels l in [0, 1], γ(l) = max(floor, 1 − cdf_w(l)).

    cdf_w is the normalised sum of pdf_w = pdf_max·((pdf − pdf_min)/(pdf_max − pdf_min))^alpha.
    T is increasing and T(l) ≥ l. A histogram with one occupied level gives T(l) = l.

    Source: Huang, Cheng, Chiu 2013, eqs. 5–7, with the largest level there is as white; the floor
    is Cao et al. 2018, eq. 7.
    """
    levels = np.linspace(0.0, 1.0, counts.size)
    if np.count_nonzero(counts) < 2:
        return levels
    share = counts / counts.sum()
    low, high = share.min(), share.max()
    weighted = high * ((share - low) / (high - low)) ** alpha if high > low else share
    gamma = np.maximum(1.0 - np.cumsum(weighted) / weighted.sum(), floor)
    # 0^0 would be 1: black stays black.
    return np.where(levels > 0.0, levels**gamma, 0.0)
