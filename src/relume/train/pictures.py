"""Folders of pictures as tensors, with errors that name the folder or the file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from relume.errors import UnreadableError
from relume.io import SUFFIXES, read


def list_pictures(folder: Path) -> tuple[Path, ...]:
    """Return the pictures below a folder, sorted.

    Raises: UnreadableError when the folder is absent or holds none.
    """
    if not folder.is_dir():
        raise UnreadableError(f"{folder}: no such folder; --data names a folder of pictures")
    found = tuple(
        sorted(
            path
            for path in folder.rglob("*")
            if path.suffix.lower() in SUFFIXES and path.is_file() and path.name[0] != "."
        )
    )
    if not found:
        raise UnreadableError(f"{folder}: holds no pictures ({', '.join(sorted(SUFFIXES))})")
    return found


def read_picture(path: Path, *, size: tuple[int, ...] = ()) -> Tensor:
    """Read a picture as (3, H, W) uint8, resized (Lanczos) to `size`, height and width, if given.

    Gray becomes three equal channels and 16 bits become 8.
    Raises: UnreadableError for a file that is not a picture; TooLargeError before decoding.
    """
    pixels = read(path).pixels
    if pixels.dtype == np.uint16:
        # 65535 / 257 = 255: white stays white.
        pixels = ((pixels.astype(np.uint32) + 128) // 257).astype(np.uint8)
    if pixels.ndim == 2:
        pixels = np.repeat(pixels[..., None], 3, axis=2)
    if size and pixels.shape[:2] != size:
        image = Image.fromarray(pixels)
        pixels = np.array(image.resize((size[1], size[0]), Image.Resampling.LANCZOS))
    return torch.from_numpy(np.ascontiguousarray(pixels.transpose(2, 0, 1)))
