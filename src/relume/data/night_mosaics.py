"""Nights whose truth is known: mosaics made from well-exposed pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

import numpy as np

from relume.arrays import Rgb
from relume.colour import decode_srgb, encode_srgb
from relume.data.unprocess import Unprocess
from relume.errors import ContractError
from relume.photo import Mosaic


@dataclass(frozen=True, eq=False)
class Night:
    """One of the set."""

    name: str
    mosaic: Mosaic
    truth: Rgb
    """(H, W, 3) float32 sRGB in [0, 1]."""
    amplification: float
    """That brings the mosaic to the exposure of the truth."""


def spread(paths: Sequence[Path], count: int) -> tuple[Path, ...]:
    """Return `count` of the paths, evenly spread.

    Raises: ContractError where there are fewer.
    """
    if not 1 <= count <= len(paths):
        raise ContractError(f"{count} nights need as many pictures, there are {len(paths)}")
    return tuple(paths[(2 * n + 1) * len(paths) // (2 * count)] for n in range(count))


def make(
    paths: Sequence[Path],
    *,
    read: Callable[[Path], Rgb],
    seed: int = 0,
    unprocess: Unprocess | None = None,
) -> Iterator[Night]:
    """Turn pictures into nights; each depends on its file's name and the seed alone."""
    shoot = (unprocess or Unprocess()).shoot
    for path in paths:
        random = np.random.default_rng((seed, crc32(path.stem.encode())))
        image = read(path)
        shot = shoot(image[: image.shape[0] // 2 * 2, : image.shape[1] // 2 * 2], random=random)
        light = decode_srgb(shot.picture) @ shot.mosaic.matrix.T.astype(np.float32)
        truth = encode_srgb(np.clip(light, 0, 1))
        yield Night(path.stem, shot.mosaic, truth, shot.ratio)
