"""Sensors whose filter colours blocks of sites alike (quad Bayer, nona, 4 × 4): a Bayer mosaic at
half, a third or a quarter of the size, each site the mean of a block.

Phones' sensors have such filters and are meant to be read so in the dark. LibRaw takes the first
four letters of the filter for all of it.
"""

from __future__ import annotations

from typing import cast

import numpy as np
from numpy.typing import NDArray

from relume.photo import Cfa

FACTORS = (1, 2, 3, 4)
"""Sides of blocks, in sites; 1 is an ordinary filter that is written in a longer period."""


def block(cfa: NDArray[np.uint8]) -> int:
    """Return the side of the blocks that a Bayer filter of blocks has; 0 for any other filter.

    `cfa` is (rows, columns) of one period, 0 red, 1 green, 2 blue.
    """
    for factor in FACTORS:
        if cfa.shape == (2 * factor, 2 * factor):
            small = cfa[::factor, ::factor]
            whole = np.kron(small, np.ones((factor, factor), np.uint8))
            bayer = sorted(small.ravel().tolist()) == [0, 1, 1, 2]
            diagonal = small[0, 0] == small[1, 1] or small[0, 1] == small[1, 0]
            return factor if bayer and diagonal and (whole == cfa).all() else 0
    return 0


def binned(
    samples: NDArray[np.uint16], cfa: NDArray[np.uint8], factor: int
) -> tuple[NDArray[np.uint16], Cfa]:
    """Return the mosaic of the means of blocks, and its filter; both begin with a block."""
    letters = "".join("RGB"[colour] for colour in cfa[::factor, ::factor].ravel())
    height, width = (side // factor * factor for side in samples.shape)
    if factor == 1:
        return samples, cast(Cfa, letters)
    blocks = samples[:height, :width].reshape(height // factor, factor, width // factor, factor)
    means = blocks.mean(axis=(1, 3), dtype=np.float32)
    return (means + 0.5).astype(np.uint16), cast(Cfa, letters)
