"""Pictures as samples: their type's range, blocks of them as floats, and back again."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from relume.arrays import Picture
from relume.errors import ContractError

TOPS: dict[np.dtype[Any], float] = {
    np.dtype(np.uint8): 255.0,
    np.dtype(np.uint16): 65535.0,
    np.dtype(np.float32): 1.0,
}
"""Sample type → the sample that stands for 1."""


def check_picture(picture: Picture, *, name: str = "picture") -> None:
    """Raise ContractError unless it is what `arrays.Picture` says, with at least one pixel."""
    shape = picture.shape
    if not (len(shape) == 2 or (len(shape) == 3 and shape[2] == 3)) or 0 in shape:
        raise ContractError(f"{name}: expected (H, W) or (H, W, 3), got {shape}")
    if picture.dtype not in TOPS:
        raise ContractError(
            f"{name}: expected uint8, uint16 or float32 in native byte order, got {picture.dtype}"
        )


def channels(picture: Picture) -> int:
    """Return 1 for gray, 3 for RGB."""
    return 1 if picture.ndim == 2 else 3


def thousandths(rgb: Picture) -> NDArray[np.uint32]:
    """Return the BT.601 luma of integers in thousandths of a level: exact."""
    wide = rgb.astype(np.uint32)
    red, green, blue = (
        wide[..., channel] * np.uint32(weight) for channel, weight in enumerate((299, 587, 114))
    )
    return red + green + blue


def is_packed(picture: Picture) -> bool:
    """Say whether compiled code may walk over the samples one after the other."""
    return picture.flags.c_contiguous and picture.flags.aligned


def packed(picture: Picture) -> Picture:
    """Return the picture, copied if its samples do not lie one after the other."""
    return picture if is_packed(picture) else np.array(picture, order="C")


def levels(dtype: DTypeLike) -> NDArray[np.float64]:
    """Return every encoded value an integer type can hold, in order."""
    top = int(TOPS[np.dtype(dtype)])
    return np.arange(top + 1) / top


def to_unit(samples: Picture) -> NDArray[np.float32]:
    """Turn samples into new floats in [0, 1]; not-a-number counts as 0."""
    if samples.dtype == np.float32:
        return np.fmin(np.fmax(samples, np.float32(0)), np.float32(1))
    return samples.astype(np.float32) * np.float32(1 / TOPS[samples.dtype])


def clip_unit(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Clip to [0, 1] in place; not-a-number counts as 0."""
    np.fmax(values, np.float32(0), out=values)
    return np.fmin(values, np.float32(1), out=values)


def mix_and_store(
    rendered: NDArray[np.float32], before: NDArray[np.float32], strength: float, target: Picture
) -> None:
    """Write before + strength · (rendered − before), rounded to nearest; overwrites `rendered`."""
    clip_unit(rendered)
    if strength != 1:
        rendered -= before
        rendered *= np.float32(strength)
        rendered += before
        clip_unit(rendered)
    if target.dtype != np.float32:
        rendered *= np.float32(TOPS[target.dtype])
        rendered += np.float32(0.5)
    target[...] = rendered.reshape(target.shape).astype(target.dtype)
