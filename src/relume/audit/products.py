"""Matrix products without threads.

An audit multiplies many middling matrices, several pictures at a time. The threads that OpenBLAS
starts for each of them then wait for each other: on a machine that has other work, tenfold time.
"""

from __future__ import annotations

import numpy as np

from relume.arrays import Floats

_ALONE = 2**18
"""Multiplications up to which OpenBLAS uses the calling thread (interface/gemm.c)."""


def products(rows: Floats, others: Floats) -> Floats:
    """Return rows · othersᵀ, (N, C) and (M, C) → (N, M), in blocks that need no threads."""
    width = max(1, rows.shape[1])
    side = max(1, int(np.sqrt(_ALONE / width)))
    high, wide = max(1, min(side, len(rows))), max(1, min(side, len(others)))
    first = _blocks(rows, high)
    second = np.swapaxes(_blocks(others, wide), 1, 2)
    result = np.matmul(first[:, None], second)  # (N / high, M / wide, high, wide)
    result = np.swapaxes(result, 1, 2).reshape(first.shape[0] * high, second.shape[0] * wide)
    return result[: len(rows), : len(others)]


def _blocks(rows: Floats, high: int) -> Floats:
    """Return (blocks, high, C), the last filled with zeros."""
    missing = -len(rows) % high
    padded = np.pad(rows, ((0, missing), (0, 0))) if missing else rows
    return padded.reshape(-1, high, rows.shape[1])
