"""What people hand to `enhance`, brought to a picture and back; what is none says what to do."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from relume.arrays import Picture
from relume.errors import ContractError


class SpeaksDLPack(Protocol):
    """An array of another library."""

    def __dlpack__(self, **options: Any) -> Any: ...


class HasSamples(Protocol):
    """A PIL image, among others."""

    @property
    def __array_interface__(self) -> Any: ...


Given: TypeAlias = NDArray[Any] | SpeaksDLPack | HasSamples
Restore: TypeAlias = Callable[[Picture], NDArray[Any]]

TYPES = ("uint8", "uint16", "float16", "float32", "float64")
MODES = ("L", "RGB", "RGBA", "I;16")
"""Of a PIL image: what of its bytes says all."""


def as_array(image: Any) -> NDArray[Any]:
    """Return the samples of an array, a PIL image or anything that speaks DLPack, uncopied.

    Raises: ContractError for everything else, with what to write instead.
    """
    if isinstance(image, np.ndarray):
        return image
    pil = sys.modules.get("PIL.Image")  # who has one has imported it
    if pil is not None and isinstance(image, pil.Image):
        if image.mode not in MODES:
            raise ContractError(
                f"image: a PIL image of mode {image.mode!r}; write image.convert('RGB')"
            )
        return np.asarray(image)
    if hasattr(image, "__dlpack__"):
        try:
            return np.from_dlpack(image)
        except (BufferError, RuntimeError, TypeError, ValueError) as error:
            why = " ".join(str(error).split())[:120]
            raise ContractError(
                f"image: this {_kind(image)} gives no plain samples ({why}); for torch write "
                "image.detach().cpu()"
            ) from error
    raise ContractError(f"image: expected an array, got {_instead(image)}")


def _instead(image: Any) -> str:
    """Say what something is and what to write instead."""
    if image is None:
        return "None, which cv2.imread returns for what it cannot open; write relume.read(path)"
    if isinstance(image, str | os.PathLike):
        return f"a path; write relume.enhance(relume.read({os.fspath(image)!r}))"  # pyright: ignore[reportUnknownArgumentType]
    if isinstance(image, bytes | bytearray | memoryview):
        return "bytes; write relume.enhance(relume.read(io.BytesIO(data)))"
    if isinstance(image, list | tuple):
        return f"a {_kind(image)}; write np.asarray(image, np.uint8), for the type says the range"
    return f"{_kind(image)}; write np.asarray(image) if it holds samples"


def _kind(image: Any) -> str:
    return type(image).__name__


def to_picture(image: Any) -> tuple[Picture, Picture | None, Restore]:
    """Reduce the accepted forms of an image to a Picture and its alpha, and return the way back.

    Raises: ContractError with what to write instead.
    """
    array = as_array(image)
    _check_shape(array)
    _check_type(array)
    picture = array if array.ndim == 2 else array[..., :3]
    if array.ndim == 3 and array.shape[2] == 1:
        picture = array[..., 0]
    if array.dtype.kind == "f":
        with np.errstate(over="ignore"):  # becomes infinite, which is refused
            picture = picture.astype(np.float32, copy=False)

    alpha: Picture | None = None
    if array.ndim == 3 and array.shape[2] == 4:
        alpha = array[..., 3].astype(picture.dtype, copy=False)

    def restore(result: Picture) -> NDArray[Any]:
        result = result.astype(array.dtype, copy=False)
        if array.ndim == 3 and array.shape[2] == 1:
            return result[..., None]
        if array.ndim == 3 and array.shape[2] == 4:
            return np.concatenate([result, array[..., 3:]], axis=2)
        return result

    return picture, alpha, restore


def _check_shape(array: NDArray[Any]) -> None:
    shape = array.shape
    if 0 in shape:
        raise ContractError(f"image: expected pixels, got an empty array of shape {shape}")
    if array.ndim == 2 or (array.ndim == 3 and shape[2] in (1, 3, 4)):
        return
    way = ""
    if array.ndim == 3 and shape[0] in (1, 3, 4):
        way = "; channels come last: write np.moveaxis(image, 0, -1)"
    elif array.ndim == 4:
        way = "; give one picture after the other: [relume.enhance(image) for image in batch]"
    raise ContractError(
        f"image: expected (H, W), (H, W, 1), (H, W, 3) or (H, W, 4), got {shape}{way}"
    )


def _check_type(array: NDArray[Any]) -> None:
    kind = array.dtype
    if not kind.isnative:
        raise ContractError(
            f"image: {kind} is in the other byte order; write image.astype({kind.name!r})"
        )
    if kind.name not in TYPES:
        raise ContractError(
            f"image: expected uint8, uint16 or a float type in [0, 1], got {kind}; "
            "convert it, relume does not guess a range"
        )
