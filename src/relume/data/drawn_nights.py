"""Generated night pictures, for want of real ones: streets, rooms, lamps, textures and noise."""

from __future__ import annotations

import numpy as np

from relume.arrays import Floats, Rgb
from relume.colour import encode_srgb


def draw_night(height: int, width: int, *, seed: int) -> Rgb:
    """Draw a dark scene, (height, width, 3) float32 sRGB in [0, 1], the same for the same seed.

    In linear light: a texture whose power falls with the square of the frequency, as that of real
    scenes does, coloured planes with edges, lamps with their glow, shadows, then the noise of
    light and of a sensor, and an exposure of one to six stops too little.
    """
    random = np.random.Generator(np.random.PCG64(seed))
    rows, columns = np.meshgrid(
        np.linspace(0, 1, height), np.linspace(0, width / height, width), indexing="ij"
    )
    colour = random.uniform(0.2, 1.0, 3)
    light = np.exp(random.uniform(0.3, 0.9) * _texture(height, width, random))[..., None] * colour
    for _ in range(random.integers(3, 9)):
        top, left = random.uniform(-0.2, 0.9), random.uniform(-0.2, 0.9) * width / height
        tall, wide = random.uniform(0.1, 0.7, 2)
        inside = (abs(rows - top) < tall) & (abs(columns - left) < wide)
        light[inside] *= random.uniform(0.1, 2.5, 3)
    scene = 0.5 * light / light.mean()
    scene *= 2.0 ** -random.uniform(1.0, 6.0)
    for _ in range(random.integers(1, 5)):
        distance = np.hypot(
            rows - random.uniform(0, 1), columns - random.uniform(0, width / height)
        )
        warm = random.uniform(0.4, 1.0) * np.array([1.0, *random.uniform(0.4, 1.0, 2)])
        core = random.uniform(0.005, 0.04)
        scene += (np.exp(-((distance / core) ** 2)) + 0.05 * np.exp(-distance / (8 * core)))[
            ..., None
        ] * warm
    shot, read = 10.0 ** random.uniform(-4.0, -2.5), 10.0 ** random.uniform(-3.5, -2.3)
    noisy = scene + random.normal(0, 1, scene.shape) * np.sqrt(shot * scene + read**2)
    encoded = encode_srgb(np.clip(noisy, 0, 1))
    return (np.round(encoded * 255) / 255).astype(np.float32)


def _texture(height: int, width: int, random: np.random.Generator) -> Floats:
    """Return noise of mean 0 and deviation 1 whose amplitude falls with the frequency."""
    down, right = np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None]
    radius = np.maximum(np.hypot(down, right), 1 / max(height, width))
    waves = np.fft.rfft2(random.normal(0, 1, (height, width))) / radius
    waves[0, 0] = 0
    texture = np.fft.irfft2(waves, (height, width))
    return texture / max(float(texture.std()), 1e-9)
