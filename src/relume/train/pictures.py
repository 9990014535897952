"""Folders of pictures as tensors, with errors that name the folder or the file."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from relume.data.eight_bits import in_eight_bits
from relume.errors import UnreadableError
from relume.io import SUFFIXES, read
from relume.train.wanted import require_folder

PICTURES = frozenset(suffix for suffix, kind in SUFFIXES.items() if kind not in ("dng", "raw"))
"""Suffixes of developed pictures; sensor data beside them are left alone."""


def list_pictures(folder: Path) -> tuple[Path, ...]:
    """Return the pictures below a folder, sorted.

    Raises: UnreadableError when the folder is absent or holds none.
    """
    require_folder(folder)
    found = tuple(
        sorted(
            path
            for path in folder.rglob("*")
            if path.suffix.lower() in PICTURES and path.is_file() and path.name[0] != "."
        )
    )
    if not found:
        raise UnreadableError(f"{folder}: holds no pictures ({', '.join(sorted(PICTURES))})")
    return found


def read_picture(path: Path, *, size: tuple[int, ...] = (), longest_side: int = 0) -> Tensor:
    """Read a picture as (3, H, W) uint8, resized (Lanczos) to `size`, height and width, if given.

    Where `longest_side` is above 0, longer ones are reduced to it by area before.

    Gray becomes three equal channels, linear light sRGB, and 16 bits become 8.
    Raises: UnreadableError for a file that is not a picture; TooLargeError before decoding.
    """
    pixels = in_eight_bits(read(path), name=str(path))
    longest = max(pixels.shape[:2])
    if longest_side and longest > longest_side:
        tall, wide = (max(1, round(side * longest_side / longest)) for side in pixels.shape[:2])
        pixels = np.array(Image.fromarray(pixels).resize((wide, tall), Image.Resampling.BOX))
    if size and pixels.shape[:2] != size:
        image = Image.fromarray(pixels)
        pixels = np.array(image.resize((size[1], size[0]), Image.Resampling.LANCZOS))
    return torch.from_numpy(np.ascontiguousarray(pixels.transpose(2, 0, 1)))


class Shelf:
    """Pictures read before, kept as bytes until `megabytes` are full: decoding costs more."""

    def __init__(self, *, size: tuple[int, ...], megabytes: int, longest_side: int = 0) -> None:
        self.size = size
        self.longest_side = longest_side
        self.megabytes = megabytes
        self.budget = megabytes * 1_000_000
        self.kept: dict[Path, Tensor] = {}

    def __reduce__(self) -> tuple[Callable[[], Shelf], tuple[()]]:
        """Another process begins with an empty shelf."""
        kind = partial(Shelf, size=self.size, longest_side=self.longest_side)
        return partial(kind, megabytes=self.megabytes), ()

    def read(self, path: Path) -> Tensor:
        """Return a picture as `read_picture` does; do not change it in place."""
        if path in self.kept:
            return self.kept[path]
        image = read_picture(path, size=self.size, longest_side=self.longest_side)
        if self.budget >= image.nbytes:
            self.budget -= image.nbytes
            self.kept[path] = image
        return image

    def read_scene(self, paths: tuple[Path, ...]) -> list[Tensor]:
        """Return pictures of one scene.

        Raises: UnreadableError when their sizes differ.
        """
        images = [self.read(path) for path in paths]
        for path, image in zip(paths, images, strict=True):
            if image.shape != images[0].shape:
                first, other = images[0].shape, image.shape
                raise UnreadableError(
                    f"{path}: {other[1]}×{other[2]} pixels, but {paths[0]} of the same scene has "
                    f"{first[1]}×{first[2]}; pictures of a scene need one size"
                )
        return images
