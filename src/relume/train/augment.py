"""Vary a picture as light and sensor would: exposure, white balance, crop, reduction, noise."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from relume.colour import decode_srgb, encode_srgb
from relume.train.recipe import Data, Source


def crop_reduced(
    image: Tensor, sides: tuple[int, int], *, reduction: float, random: np.random.Generator
) -> Tensor:
    """Cut a random window and reduce it bilinearly to `sides`.

    (3, H, W) → (3, *sides). The window is `reduction` times `sides`, less where the picture is
    smaller. Four neighbours are read per sample, as in the reduction at run time, so the noise of
    the picture stays in.
    """
    height, width = image.shape[-2:]
    factor = min(reduction, height / sides[0], width / sides[1])
    window = (max(1, int(sides[0] * factor)), max(1, int(sides[1] * factor)))
    top = int(random.integers(height - window[0] + 1))
    left = int(random.integers(width - window[1] + 1))
    part = image[None, :, top : top + window[0], left : left + window[1]]
    return functional.interpolate(part, sides, mode="bilinear", align_corners=False)[0]


def vary(image: Tensor, *, source: Source, data: Data, random: np.random.Generator) -> Tensor:
    """Change exposure and colour in linear light, add noise, and round to 8 bits.

    (3, H, W) in [0, 1], sRGB-encoded → the same.
    """
    pixels = image.numpy()
    changed = random.random() < source.exposure_chance
    stops = float(random.uniform(source.exposure[0], source.exposure[-1])) if changed else 0.0
    balance = 1.0 + data.white_balance * random.uniform(-1, 1, (3, 1, 1))
    if stops or data.white_balance:
        light = decode_srgb(pixels) * (2.0**stops * balance).astype(np.float32)
        pixels = encode_srgb(np.clip(light, 0, 1))
    if data.noise and random.random() < 0.5:
        deviation = random.uniform(0, data.noise)
        pixels = pixels + random.normal(0, deviation, pixels.shape).astype(np.float32)
    if data.flip and random.random() < 0.5:
        pixels = pixels[..., ::-1]
    rounded = np.round(np.clip(pixels, 0, 1) * 255) / 255
    return torch.from_numpy(np.ascontiguousarray(rounded, np.float32))
