"""A small picture and what a network makes of it, kept beside its weights."""

from __future__ import annotations

import io

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from relume.card import Card
from relume.export.interface import interface


def golden_picture(*, height: int = 64, width: int = 96) -> NDArray[np.uint8]:
    """Draw a street at night: sky, ground, a lamp and its glow, lit windows, grain.

    (height, width, 3) uint8, the same in every version.
    """
    random = np.random.Generator(np.random.PCG64(7))
    down, right = np.meshgrid(np.linspace(0, 1, height), np.linspace(0, 1, width), indexing="ij")
    sky = np.stack([0.02 + 0.05 * down, 0.03 + 0.06 * down, 0.07 + 0.06 * down], axis=-1)
    ground = np.stack([0.10 * down, 0.085 * down, 0.07 * down], axis=-1)
    scene = np.where((down > 0.65)[..., None], ground, sky)
    house = (right < 0.45) & (down > 0.25) & (down < 0.8)
    scene[house] = (0.055, 0.045, 0.04)
    window = house & (np.mod(right * 12, 1) > 0.45) & (np.mod(down * 9, 1) > 0.5)
    scene[window] = (0.55, 0.42, 0.20)
    distance = np.hypot((down - 0.3) * height / width, right - 0.75)
    glow = np.exp(-distance / 0.08)[..., None] * np.array([0.9, 0.75, 0.5])
    grain = random.normal(0, 0.008, scene.shape)
    return np.clip(np.round((scene + glow + grain) * 255), 0, 255).astype(np.uint8)


def golden_mosaic() -> NDArray[np.uint8]:
    """Return the same street as a sensor's samples in RGGB phase, (64, 96) uint8."""
    picture = golden_picture()
    mosaic = picture[..., 1].copy()
    mosaic[::2, ::2] = picture[::2, ::2, 0]
    mosaic[1::2, 1::2] = picture[1::2, 1::2, 2]
    return mosaic


def golden_bytes(network: nn.Module, card: Card) -> bytes:
    """Return an .npz with `input`, (H, W, 3) uint8 or (H, W) for a mosaic, and each output at the
    knobs' defaults, (C, H, W) float32."""
    face = interface(network, card)
    picture = golden_mosaic() if card.input == "mosaic" else golden_picture()
    planes = picture.reshape(*picture.shape[:2], face.channels).transpose(2, 0, 1)
    image = torch.from_numpy(planes.astype(np.float32) / 255)[None]
    knobs = [torch.tensor(knob.default, dtype=torch.float32) for knob in face.knobs]
    with torch.no_grad():
        results: tuple[Tensor, ...] = network.eval()(image, *knobs)
    named = {name: result[0].numpy() for name, result in zip(face.outputs, results, strict=True)}
    file = io.BytesIO()
    np.savez_compressed(file, input=picture, **named)  # pyright: ignore[reportArgumentType]
    return file.getvalue()
