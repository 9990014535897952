"""Vary pictures as light and sensor would: exposure, white balance, crop, reduction, noise."""

from __future__ import annotations

from collections.abc import Sequence
from math import radians

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from relume.colour import decode_srgb, encode_srgb
from relume.train.recipe import Data, Source


def cut(
    images: Sequence[Tensor],
    *,
    sides: tuple[int, int] | None,
    data: Data,
    random: np.random.Generator,
) -> list[Tensor]:
    """Cut the same random window out of pictures of one size, reduce and rotate it.

    (3, H, W) uint8 each → (3, *sides) float32 in [0, 1]; whole pictures where `sides` is None.
    The window is `reduction` times `sides`, less where the picture is smaller.
    """
    if sides is not None:
        reduction = float(random.uniform(data.reduction[0], data.reduction[-1]))
        window = _window(images[0], sides, reduction=reduction, random=random)
        images = [_part(image, window) for image in images]
    pictures = [image.float() / 255 for image in images]
    if sides is not None:
        pictures = [_resized(picture, sides, mode=data.reduction_filter) for picture in pictures]
    if data.rotation and random.random() < data.rotation_chance:
        angle = radians(random.uniform(-data.rotation, data.rotation))
        pictures = [_rotated(picture, angle) for picture in pictures]
    return pictures


def _window(
    image: Tensor, sides: tuple[int, int], *, reduction: float, random: np.random.Generator
) -> tuple[int, int, int, int]:
    """Return top, left, height and width of a random window."""
    height, width = image.shape[-2:]
    factor = min(reduction, height / sides[0], width / sides[1])
    tall, wide = max(1, int(sides[0] * factor)), max(1, int(sides[1] * factor))
    top = int(random.integers(height - tall + 1))
    left = int(random.integers(width - wide + 1))
    return top, left, tall, wide


def _part(image: Tensor, window: tuple[int, int, int, int]) -> Tensor:
    top, left, tall, wide = window
    return image[:, top : top + tall, left : left + wide]


def _resized(image: Tensor, sides: tuple[int, int], *, mode: str) -> Tensor:
    """Bilinear reads four neighbours per sample, as the reduction at run time does."""
    if image.shape[-2:] == sides:
        return image
    corners = False if mode == "bilinear" else None
    return functional.interpolate(image[None], sides, mode=mode, align_corners=corners)[0]


def _rotated(image: Tensor, angle: float) -> Tensor:
    """Rotate about the centre; corners are filled by reflection."""
    cosine, sine = float(np.cos(angle)), float(np.sin(angle))
    ratio = image.shape[-2] / image.shape[-1]  # the grid spans [−1, 1] along both axes
    turn = torch.tensor([[[cosine, -sine * ratio, 0.0], [sine / ratio, cosine, 0.0]]])
    grid = functional.affine_grid(turn, [1, *image.shape], align_corners=False)
    return functional.grid_sample(
        image[None], grid, mode="bilinear", padding_mode="reflection", align_corners=False
    )[0]


def relit(picture: Tensor, *, source: Source, data: Data, random: np.random.Generator) -> Tensor:
    """Change exposure and white balance in linear light; (3, H, W) in [0, 1] → the same."""
    changed = random.random() < source.exposure_chance
    stops = float(random.uniform(source.exposure[0], source.exposure[-1])) if changed else 0.0
    balance = 1.0 + data.white_balance * random.uniform(-1, 1, (3, 1, 1))
    if not stops and not data.white_balance:
        return picture
    light = decode_srgb(picture.numpy()) * (2.0**stops * balance).astype(np.float32)
    return torch.from_numpy(encode_srgb(np.clip(light, 0, 1)))


def grained(picture: Tensor, *, data: Data, random: np.random.Generator) -> Tensor:
    """Add noise to every other picture; (3, H, W) → the same, perhaps beyond [0, 1]."""
    if not data.noise or random.random() >= 0.5:
        return picture
    deviation = random.uniform(0, data.noise)
    noise = random.normal(0, deviation, tuple(picture.shape)).astype(np.float32)
    return picture + torch.from_numpy(noise)


def mirrored(
    pictures: Sequence[Tensor], *, data: Data, random: np.random.Generator
) -> list[Tensor]:
    """Mirror all or none of the pictures of a scene."""
    if not data.flip or random.random() >= 0.5:
        return list(pictures)
    return [picture.flip(-1) for picture in pictures]


def rounded(picture: Tensor) -> Tensor:
    """Round to 8 bits, as files hold them."""
    return ((picture.clamp(0, 1) * 255).round() / 255).contiguous()
