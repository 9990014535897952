"""What the tests of classical methods share: how to run one, and pictures."""

from __future__ import annotations

import numpy as np
import pytest

from relume import methods
from relume.card import settle
from relume.render import apply

NAMES = tuple(card.name for card in methods.cards() if card.kind == "classical")
SIZES = ((1, 1), (1, 9), (7, 1), (2, 2), (13, 17), (24, 16))
TOP = {"uint8": 255, "uint16": 65535, "float32": 1}


def run(name: str, picture: np.ndarray, **knobs: float) -> np.ndarray:
    """Apply a method that returns a rendering; float64 becomes float32."""
    picture = picture.astype(np.float32) if picture.dtype == np.float64 else picture
    module = methods.module(name)
    return apply(module.estimate(picture, **settle(module.CARD, knobs)), picture)


def night(seed: int, size: tuple[int, int], dtype: str = "float32", *, gray: bool = False):
    """Return a dark picture with edges, a gradient and noise."""
    rng = np.random.default_rng(seed)
    down, across = np.mgrid[: size[0], : size[1]]
    base = 0.05 + 0.3 * (across > size[1] / 3) + 0.2 * down / max(size[0], 1)
    unit = base[..., None] * (1.0, 0.7, 0.5) + 0.03 * rng.standard_normal((*size, 3))
    unit = np.clip(unit, 0, 1)
    if gray:
        unit = unit[..., 0]
    if dtype == "float32":
        return unit.astype(np.float32)
    return np.rint(unit * TOP[dtype]).astype(dtype)


def coffee() -> np.ndarray:
    """Return the dark test picture of the pins: 200 × 300 float64, at a quarter of its range."""
    data = pytest.importorskip("skimage.data", reason="the pins are of scikit-image's picture")
    return data.coffee()[::2, ::2] / 255.0 * 0.25


def check_pin(
    result: np.ndarray, means: tuple[float, float, float], deviation: float, *, off: float
) -> None:
    assert np.abs(result.mean(axis=(0, 1), dtype=np.float64) - means).max() <= off
    assert abs(float(result.std(dtype=np.float64)) - deviation) <= off
