"""A photo of any depth as 8-bit sRGB, as training sees it and pairs are stored."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from relume.colour import encode_srgb
from relume.errors import UnreadableError
from relume.levels import TOPS
from relume.photo import Photo


def in_eight_bits(photo: Photo, *, name: str) -> NDArray[np.uint8]:
    """Return (H, W, 3) uint8; gray becomes three equal channels, linear light sRGB.

    Raises: UnreadableError for the samples of a sensor.
    """
    if photo.encoding == "mosaic":
        raise UnreadableError(f"{name}: sensor data, not a picture; develop it first")
    pixels = photo.pixels
    if photo.encoding == "linear":
        light = pixels.astype(np.float32) / np.float32(TOPS[pixels.dtype])
        eight = np.rint(encode_srgb(light) * 255).astype(np.uint8)
    elif pixels.dtype == np.uint16:
        # 65535 / 257 = 255: white stays white.
        eight = ((pixels.astype(np.uint32) + 128) // 257).astype(np.uint8)
    else:
        eight = pixels.astype(np.uint8, copy=False)
    return np.repeat(eight[..., None], 3, axis=2) if eight.ndim == 2 else eight
