"""`relume.write`: photos, and what else people hand to `enhance`, into files."""

from __future__ import annotations

import os
from os import PathLike
from typing import Any, BinaryIO, Literal, cast

import numpy as np

from relume import io
from relume.arrays import Picture, Pixels
from relume.errors import ContractError
from relume.io.writing import WHITE, Background
from relume.photo import Format, Photo
from relume.runtime.given import Given, to_picture
from relume.tiles.fit import check_picture


def write(
    image: Photo | Given,
    target: str | PathLike[str] | BinaryIO,
    *,
    format: Format | None = None,
    quality: int | None = None,
    metadata: Literal["keep", "strip"] = "keep",
    software: str | None = None,
    background: Background = WHITE,
) -> tuple[str, ...]:
    """Write a picture to a path, whole or not at all, or to a stream; return what was lost.

    A `Photo` with all that came with it; or an sRGB-encoded array, PIL image or tensor, as
    `enhance` takes them. uint8 and uint16 are written as they are, floats as 16 bits, which a
    format that has only 8 rounds.

    The format is `format`, else what the path's suffix names, else what the photo was read from.
    `quality` of 1–100 is for the lossy formats: as the JPEG it was read from, else a good one by
    default; 100 makes WebP and JPEG XL lossless. "strip" leaves what states the colours, nothing
    else. `background`, in bytes of sRGB, is what transparency is laid on where a format has none.

    Raises: UnwritableError; ContractError for what is no picture, with what to write instead.
    """
    if not isinstance(target, str | PathLike) and not hasattr(target, "writelines"):
        raise ContractError(
            f"target: expected a path or a binary stream, got {type(target).__name__}; write "
            "relume.write(image, 'bright.png')"
        )
    if isinstance(image, str | PathLike):
        path = os.fspath(cast("str | PathLike[str]", image))
        raise ContractError(
            f"image: expected a photo or an array, got a path; write relume.write(image, {path!r})"
        )
    return io.write(
        image if isinstance(image, Photo) else to_photo(image),
        target,
        format=format,
        quality=quality,
        metadata=metadata,
        software=software,
        background=background,
    )


def to_photo(image: Given) -> Photo:
    """Return a photo of an sRGB-encoded array. Raises: ContractError."""
    picture, alpha, _ = to_picture(image)
    check_picture(picture)
    return Photo(_whole(picture), alpha=None if alpha is None else _whole(alpha))


def _whole(samples: Picture) -> Pixels:
    if samples.dtype.kind != "f":
        return cast(Pixels, samples)
    return cast("Any", np.rint(np.clip(samples, 0, 1) * np.float32(65535)).astype(np.uint16))
