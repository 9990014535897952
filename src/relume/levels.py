"""Samples and what they stand for: a type's range is declared by the type, never by the pixels."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from relume.arrays import Picture, Rgb
from relume.errors import ContractError

TOPS: dict[np.dtype[Any], float] = {
    np.dtype(np.uint8): 255.0,
    np.dtype(np.uint16): 65535.0,
    np.dtype(np.float32): 1.0,
}
"""Sample type → the sample that stands for 1."""


def check_picture(picture: Picture, *, name: str = "picture") -> None:
    """Raise ContractError unless it is what `arrays.Picture` says, with at least one pixel."""
    if not isinstance(picture, np.ndarray):  # pyright: ignore[reportUnnecessaryIsInstance]
        kind = type(picture).__name__
        raise ContractError(f"{name}: expected an array, got {kind}; relume.read opens files")
    shape = picture.shape
    if not (len(shape) == 2 or (len(shape) == 3 and shape[2] == 3)) or 0 in shape:
        raise ContractError(f"{name}: expected (H, W) or (H, W, 3), got {shape}")
    if picture.dtype not in TOPS:
        raise ContractError(
            f"{name}: expected uint8, uint16 or float32 in native byte order, got {picture.dtype}"
        )


def to_unit(samples: Picture, *, out: NDArray[np.float32] | None = None) -> NDArray[np.float32]:
    """Turn samples into floats in [0, 1], new ones or those of `out`; not-a-number counts as 0."""
    unit = np.empty(samples.shape, np.float32) if out is None else out
    if samples.dtype == np.float32:
        np.fmax(samples, np.float32(0), out=unit)
        np.fmin(unit, np.float32(1), out=unit)
    else:
        np.multiply(samples, np.float32(1 / TOPS[samples.dtype]), out=unit)
    return unit


def to_rgb(picture: Picture) -> Rgb:
    """Turn (H, W) or (H, W, 3) into (H, W, 3) floats in [0, 1], gray in three equal channels."""
    unit = to_unit(picture)
    return np.repeat(unit[..., None], 3, axis=2) if unit.ndim == 2 else unit
