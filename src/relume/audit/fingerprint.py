"""What can be recognised of a picture under another exposure, crop, flip, codec or noise."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from relume.arrays import Floats, Picture
from relume.audit import keypoints
from relume.audit.keypoints import Keypoints
from relume.audit.planes import shrink
from relume.colour import luma
from relume.render import reduce

LONG_SIDE = 320
"""Pixels of the plane in which keypoints are found; noise and JPEG blocks average out in it."""
SMALL_SIDE = 160
"""Pixels of the plane by which an alignment is checked."""
FEATURES = 300
"""Keypoints of a picture: the hardest planted leak that can be found keeps about a tenth."""
TOE = 4.0 / 255.0
"""Added to luma before the logarithm: below it is the noise and rounding of a dark picture."""
_CLIPPED = (0.004, 0.98)
"""A channel at or beyond these, 1 and 250 of 255, tells nothing about the scene."""


@dataclass(frozen=True, eq=False)
class Fingerprint:
    """One picture, recognisable."""

    path: Path
    file_hash: bytes
    """SHA-256 of the file."""
    pixel_hash: bytes
    """SHA-256 of size, type and decoded pixels."""
    height: int
    width: int
    frame: tuple[int, int]
    """(height, width) of the plane the keypoints lie in."""
    keypoints: Keypoints
    plane: NDArray[np.float16]
    """log(luma + TOE), longer side SMALL_SIDE."""
    seen: NDArray[np.float16]
    """Share of each of its pixels that is neither black nor white in any channel."""


def fingerprint(path: Path, picture: Picture) -> Fingerprint:
    """Take the fingerprint of the picture that the file at `path` holds.

    Raises: OSError when the file cannot be read any more.
    """
    with path.open("rb") as stream:
        file_hash = hashlib.file_digest(stream, "sha256").digest()
    height, width = picture.shape[:2]
    tall, wide = _fitted(height, width, LONG_SIDE)
    small = reduce(picture, height=tall, width=wide)
    plane = np.log(luma(small) + np.float32(TOE)).astype(np.float32)
    size = _fitted(tall, wide, SMALL_SIDE)
    # The black end counts where all channels are black: a pure red is not black.
    seen = (small.max(axis=2) > _CLIPPED[0]) & (small.max(axis=2) < _CLIPPED[1])
    return Fingerprint(
        path=path,
        file_hash=file_hash,
        pixel_hash=hash_pixels(picture),
        height=height,
        width=width,
        frame=(tall, wide),
        keypoints=keypoints.find(plane, most=FEATURES),
        plane=shrink(plane, *size).astype(np.float16),
        seen=shrink(seen.astype(np.float32), *size).astype(np.float16),
    )


def _fitted(height: int, width: int, side: int) -> tuple[int, int]:
    """Return the size whose longer side is `side`, or less for a smaller picture."""
    factor = min(1.0, side / max(height, width))
    return max(1, round(height * factor)), max(1, round(width * factor))


def hash_pixels(picture: Picture) -> bytes:
    """Return the SHA-256 of a picture's size, type and pixels."""
    digest = hashlib.sha256(f"{picture.shape} {picture.dtype}".encode())
    digest.update(np.ascontiguousarray(picture).data)
    return digest.digest()


def log_plane(fingerprint: Fingerprint) -> Floats:
    """Return the small plane as float32."""
    return fingerprint.plane.astype(np.float32)
