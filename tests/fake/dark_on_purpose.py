"""What is dark because it is meant to be: a screen, a sky of stars."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from relume.colour import encode_srgb


def screen(paper: int = 28, *, height: int = 300, width: int = 420) -> np.ndarray:
    """A dark-mode editor: lines of text on flat paper."""
    image = Image.new("RGB", (width, height), (paper, paper, paper + 2))
    draw = ImageDraw.Draw(image)
    for line, top in enumerate(range(8, height - 12, 18)):
        colour = ((210, 210, 210), (110, 160, 220), (200, 150, 90))[line % 3]
        draw.text((12 + 24 * (line % 4), top), "def enhance(picture): return better", colour)
    return np.asarray(image)


def sky(*, height: int = 400, width: int = 600, stars: int = 150, seed: int = 1) -> np.ndarray:
    """A night sky: a slope of light, sensor noise, and points of very different brightness."""
    random = np.random.default_rng(seed)
    light = np.linspace(0.004, 0.009, height)[:, None, None] * np.array([0.9, 0.95, 1.1])
    light = np.repeat(light, width, axis=1)
    rows, columns = random.integers(1, height - 1, stars), random.integers(1, width - 1, stars)
    power = 0.05 / random.power(2.0, stars)
    for row, column, peak in zip(rows, columns, power, strict=True):
        light[row, column] += peak
        light[row, column + 1] += peak / 2
    light = random.poisson(np.clip(light, 0, 1) * 20_000) / 20_000
    return np.rint(encode_srgb(np.clip(light, 0, 1)) * 255).astype(np.uint8)
