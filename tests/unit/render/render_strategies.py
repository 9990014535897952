"""Random pictures and renderings for the tests of the full-resolution pass."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from relume.render import Affine, Blend, Curve, Gain, Relight, Tone, centred, cornered

KINDS = ("curve", "gain", "clipped gain", "affine", "blend", "relight")
KINDS += ("channel", "value", "luma", "shift")

# 64 pixels, 192 samples: around the kernel's block; the rest are primes and lines.
SIZES = ((1, 1), (1, 97), (89, 1), (2, 3), (7, 64), (13, 65), (31, 129), (3, 211))

TRANSFERS = {
    "power": lambda encoded: encoded**0.4545,
    "darker": lambda encoded: encoded**2,
    "lifted": lambda encoded: 0.2 + 0.7 * encoded,
    "line": lambda encoded: np.minimum(3 * encoded, 1),
}

GAINS = {
    "exposure": lambda largest: 4 / (1 + 3 * largest),
    "too much": lambda largest: 3 + 0 * largest,
    "less": lambda largest: 0.25 + 0 * largest,
}


def a_picture(rng: np.random.Generator, dtype: str, size: tuple[int, int], gray: bool):
    """Return a picture of all levels, more of them dark, some pixels black and some white."""
    shape = size if gray else (*size, 3)
    unit = rng.random(shape) ** rng.choice([1.0, 3.0])
    unit[rng.random(size) < 0.05] = 0
    unit[rng.random(size) < 0.05] = 1
    if dtype == "float32":
        return unit.astype(np.float32)
    return np.round(unit * np.iinfo(dtype).max).astype(dtype)


def a_rendering(rng: np.random.Generator, kind: str, size: tuple[int, int]):
    """Return a rendering with a random map or function."""
    small = (int(rng.integers(1, 9)), int(rng.integers(1, 9)))
    grid = rng.choice([centred, cornered])(small, size)
    depth = int(rng.choice([1, 3]))

    def a_map(low, high):
        return rng.uniform(low, high, (*small, depth)).astype(np.float32)

    transfer = TRANSFERS[str(rng.choice(list(TRANSFERS)))]
    match kind:
        case "curve":
            return Curve(a_map(-1, 1), int(rng.integers(0, 9)), grid)
        case "gain":
            return Gain(a_map(0, 3), grid)
        case "clipped gain":
            return Gain(a_map(0, 3), grid, keep_hue=False)
        case "affine":
            return Affine(a_map(-1, 3), a_map(-0.5, 0.5), grid)
        case "blend":
            return Blend(transfer, a_map(0, 1), grid)
        case "relight":
            return Relight(GAINS[str(rng.choice(list(GAINS)))])
        case _:
            return Tone(transfer, by=kind)


dtypes = st.sampled_from(["uint8", "uint16", "float32"])
sizes = st.sampled_from(SIZES)
seeds = st.integers(0, 2**32 - 1)
strengths = st.sampled_from([0.0, 0.35, 1.0, 1.5])
