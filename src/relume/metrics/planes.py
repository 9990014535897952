"""From pictures to the planes metrics are defined on; a picture's range is declared by its type.

| function       | domain → range                                 | source                 |
|----------------|------------------------------------------------|------------------------|
| to_bytes       | uint8, uint16, float [0, 1] → uint8 (H, W, 3)  | half rounds to even    |
| gray_matlab    | RGB [0, 255] → [0, 255], whole numbers         | MATLAB rgb2gray        |
| gray_opencv    | RGB [0, 255] → [0, 255], whole numbers         | OpenCV COLOR_RGB2GRAY  |
| luma_studio    | RGB [0, 255] → [16, 235], not rounded          | ITU-R BT.601-7, §2.5.3 |
| luma_unrounded | RGB [0, 255] → [0, 255]                        | ITU-R BT.601-7, §2.5.1 |
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from relume.arrays import Picture
from relume.colour import LUMA_601
from relume.errors import ContractError

Doubles = NDArray[np.float64]

GRAY_MATLAB = (0.298936021293775, 0.587043074451121, 0.114020904255103)
STRIP = 32
"""Rows converted to float64 at a time, so that large pictures need little memory."""


def to_bytes(picture: Picture, *, what: str) -> NDArray[np.uint8]:
    """Round a picture to 8 bits and three channels, as a saved file would hold it.

    Raises: ContractError for another type or shape, an empty picture, or what is not a number.
    """
    if picture.ndim not in (2, 3) or picture.size == 0 or picture.shape[2:] not in ((), (3,)):
        raise ContractError(f"{what}: expected (H, W) or (H, W, 3), got {picture.shape}")
    match picture.dtype.name:
        case "uint8":
            levels = picture
        case "uint16":
            levels = np.rint(picture / 257.0).astype(np.uint8)
        case "float32" | "float64":
            require_finite(picture, what=what)
            levels = np.rint(np.clip(picture, 0.0, 1.0) * 255.0).astype(np.uint8)
        case other:
            raise ContractError(f"{what}: expected uint8, uint16 or float in [0, 1], got {other}")
    return levels if levels.ndim == 3 else np.repeat(levels[..., None], 3, axis=2)


def require_finite(picture: NDArray[Any], *, what: str) -> None:
    """Raise ContractError when a sample is NaN or infinite."""
    if picture.dtype.kind == "f" and not np.isfinite(picture).all():
        bad = int(picture.size - np.isfinite(picture).sum())
        raise ContractError(f"{what}: {bad} of {picture.size} samples are NaN or infinite")


def require_equal_shapes(preds: NDArray[Any], target: NDArray[Any], *, what: str) -> None:
    """Raise ContractError when two pictures differ in shape, are empty or are not numbers."""
    if preds.shape != target.shape:
        raise ContractError(
            f"{what}: expected two equal shapes, got {preds.shape} and {target.shape}; "
            "nothing is resized here"
        )
    if preds.size == 0:
        raise ContractError(f"{what}: expected a picture, got an empty array {preds.shape}")
    require_finite(preds, what=what)
    require_finite(target, what=what)


def require_size(picture: NDArray[Any], *, least: int, what: str) -> None:
    """Raise ContractError when a picture is smaller than `least` pixels a side."""
    if picture.ndim not in (2, 3) or min(picture.shape[:2]) < least:
        raise ContractError(
            f"{what}: expected (H, W) or (H, W, C) of at least {least} pixels a side, "
            f"got {picture.shape}"
        )


def differences(preds: NDArray[Any], target: NDArray[Any]) -> Iterator[Doubles]:
    """Yield preds − target, a strip of rows at a time."""
    for top in range(0, preds.shape[0], STRIP):
        part = preds[top : top + STRIP].astype(np.float64)
        part -= target[top : top + STRIP]
        yield part


def gray_matlab(picture: NDArray[Any]) -> Doubles:
    """Weigh encoded channels as MATLAB's rgb2gray does and round."""
    return np.floor(_weigh(picture, GRAY_MATLAB) + 0.5)


def gray_opencv(picture: NDArray[Any]) -> Doubles:
    """Weigh encoded channels as OpenCV does and round.

    OpenCV weighs in fixed point, 2¹⁵ for 1, so halves fall elsewhere than with three decimals.
    """
    return np.floor(_weigh(picture, (9798.0, 19235.0, 3735.0)) / 2**15 + 0.5)


def luma_studio(picture: NDArray[Any]) -> Doubles:
    """Weigh encoded channels to the luma of studio video, 16 for black and 235 for white."""
    return 16.0 + _weigh(picture, (65.481, 128.553, 24.966)) / 255.0


def luma_unrounded(picture: NDArray[Any]) -> Doubles:
    """Weigh encoded channels to their BT.601 luma."""
    return _weigh(picture, LUMA_601)


def _weigh(picture: NDArray[Any], weights: tuple[float, float, float]) -> Doubles:
    """Sum weighted channels; a picture of one channel stands for three equal ones."""
    if picture.ndim == 2:
        return picture.astype(np.float64) * sum(weights)
    red, green, blue = (picture[..., c].astype(np.float64) for c in range(3))
    return weights[0] * red + weights[1] * green + weights[2] * blue
