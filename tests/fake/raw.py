"""Camera RAW files and mosaics of a known scene, written by tifffile."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from io import BytesIO
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray

from relume.card import Card
from relume.photo import Mosaic

PHASES = ("RGGB", "BGGR", "GRBG", "GBRG")
BLACKS, WHITE = (500, 520, 540, 560), 15000
GAINS = (2.0, 1.0, 1.6)
XYZ_TO_LINEAR_SRGB = np.array(
    [[3.2406, -1.5372, -0.4986], [-0.9689, 1.8758, 0.0415], [0.0557, -0.2040, 1.0570]]
)
XYZ_TO_CAMERA = np.array([[0.70, -0.08, -0.10], [-0.44, 1.26, 0.20], [-0.08, 0.20, 0.58]])
"""Like that of a real camera: its colours are not those of sRGB."""


def scene(height: int, width: int) -> NDArray[np.float64]:
    """Smooth linear light, each channel and corner another; balanced camera RGB in [0, 0.45]."""
    down, across = np.mgrid[0:height, 0:width] / max(height, width)
    planes = [0.05 + 0.4 * down, 0.05 + 0.3 * across, 0.1 + 0.2 * (1 - down)]
    return np.stack(planes, axis=-1)


def mosaic_of(
    light: NDArray[np.float64],
    cfa: str = "RGGB",
    *,
    blacks: tuple[float, ...] = BLACKS,
    white: float = WHITE,
    gains: tuple[float, float, float] = GAINS,
) -> NDArray[np.uint16]:
    """Sample balanced camera RGB, (H, W, 3), as a sensor with these levels would."""
    pattern = np.array([list(cfa[:2]), list(cfa[2:])])
    samples = np.empty(light.shape[:2])
    for row in (0, 1):
        for column in (0, 1):
            channel = "RGB".index(pattern[row, column])
            black = blacks[2 * row + column]
            seen = np.minimum(light[row::2, column::2, channel] / gains[channel], 1.0)
            samples[row::2, column::2] = black + seen * (white - black)
    return (samples + 0.5).astype(np.uint16)


def bayer_dng(
    samples: NDArray[np.uint16],
    cfa: str = "RGGB",
    *,
    blacks: tuple[int, ...] = BLACKS,
    white: int = WHITE,
    gains: tuple[float, float, float] = GAINS,
    matrix: NDArray[np.float64] = XYZ_TO_LINEAR_SRGB,
    orientation: int = 1,
    margins: tuple[int, int] = (0, 0),
) -> bytes:
    """A DNG with one uncompressed strip of a mosaic, whose top and left margins see no light."""
    side = round(len(cfa) ** 0.5)
    tags = [
        (33421, "H", 2, (side, side), True),
        (33422, "B", len(cfa), bytes("RGB".index(letter) for letter in cfa), True),
        (50713, "H", 2, (2, 2), True),
        (50714, "H", 4, blacks, True),
        (50717, "H", 1, white, True),
        *_colours(gains, matrix),
        (50829, "I", 4, (*margins, *(samples.shape[:2])), True),
        (274, "H", 1, orientation, True),
        (33434, "2I", 1, (1, 8), True),
    ]
    return _written(samples, tags, photometric="cfa", planarconfig=None)


def linear_dng(pixels: NDArray[np.uint16]) -> bytes:
    """A DNG of three samples per pixel, linear sRGB."""
    tags = [(50717, "H", 3, (65535,) * 3, True), *_colours((1, 1, 1), XYZ_TO_LINEAR_SRGB)]
    return _written(pixels, tags, photometric="linear_raw")


def gray_dng(pixels: NDArray[np.uint16]) -> bytes:
    """A DNG of a sensor without colour filter."""
    tags = [(50717, "H", 1, 65535, True), *_colours((1, 1, 1), XYZ_TO_LINEAR_SRGB)[:4]]
    data = _written(pixels, tags, photometric="minisblack")
    # tifffile writes linear RAW of three samples only.
    return data.replace(struct.pack("<HHII", 262, 3, 1, 1), struct.pack("<HHII", 262, 3, 1, 34892))


def _colours(gains: tuple[float, float, float], matrix: NDArray[np.float64]) -> list[Any]:
    ratios = [part for number in matrix.ravel() for part in (round(number * 10000), 10000)]
    neutral = [part for gain in gains for part in (round(10000 / gain), 10000)]
    return [
        (50706, "B", 4, b"\1\4\0\0", True),
        (50707, "B", 4, b"\1\1\0\0", True),
        (50708, "s", 0, "Fake Camera", True),
        (271, "s", 0, "Dark Optics", True),
        (50721, "2i", 9, tuple(ratios), True),
        (50728, "2I", 3, tuple(neutral), True),
        (50778, "H", 1, 21, True),
    ]


def _written(array: Any, tags: list[Any], **options: Any) -> bytes:
    stream = BytesIO()
    tifffile.imwrite(stream, array, extratags=tags, metadata=None, software=False, **options)
    return stream.getvalue()


def canon_boxes(first: bytes, second: bytes) -> bytes:
    """The beginning of a CR3 file with its two EXIF boxes."""

    def box(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", 8 + len(content)) + kind + content

    inner = box(b"CMT1", first) + box(b"CMT2", second)
    return box(b"ftyp", b"crx \0\0\0\1crx isom") + box(b"moov", box(b"uuid", bytes(16) + inner))


class Bilinear:
    """A method that starts from mosaics, in the plainest way there is."""

    card = Card(
        name="bilinear",
        title="Bilinear",
        summary="The mean of the nearest sites of each colour.",
        kind="classical",
        reach=1,
        input="mosaic",
    )

    def develop(
        self, mosaic: Mosaic, *, knobs: Mapping[str, float], strength: float
    ) -> NDArray[np.float32]:
        linear = developed(mosaic)
        toe, body = linear * 12.92, 1.055 * np.maximum(linear, 1e-9) ** (1 / 2.4) - 0.055
        return np.where(linear <= 0.0031308, toe, body).astype(np.float32)


def developed(mosaic: Mosaic) -> NDArray[np.float64]:
    """Return linear sRGB in [0, 1] of a mosaic: bilinear, balance of white, matrix.

    White is where the channel of the least gain saturates, as LibRaw has it.
    """
    plane = mosaic.normalised()
    letters = np.array([list(mosaic.cfa[:2]), list(mosaic.cfa[2:])])
    height, width = plane.shape
    tiled = np.tile(letters, (height // 2 + 1, width // 2 + 1))[:height, :width]
    weights = np.array([[1, 2, 1], [2, 4, 2], [1, 2, 1]])
    channels = []
    for letter, gain in zip("RGB", mosaic.white_balance, strict=True):
        there = (tiled == letter).astype(float)
        gain /= min(mosaic.white_balance)
        channels.append(gain * _blurred(plane * there, weights) / _blurred(there, weights))
    return np.clip(np.stack(channels, -1) @ mosaic.matrix.T, 0, 1)


def _blurred(plane: NDArray[Any], weights: NDArray[Any]) -> NDArray[np.float64]:
    padded = np.pad(plane, 1)
    return sum(
        weights[row, column] * padded[row : row + plane.shape[0], column : column + plane.shape[1]]
        for row in range(3)
        for column in range(3)
    )
