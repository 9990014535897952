"""Exposure fusion: the best of several exposures of one scene, blended band by band.

Each picture's weight at a pixel is contrast · saturation · well-exposedness,

    |Laplacian of gray| · standard deviation of R, G, B · Π_c exp(−(E_c − 0.5)²/(2·0.2²))

normalised over the pictures; Laplacian pyramids of the pictures are blended with Gaussian pyramids
of the weights. Where no picture has any saturation, it does not count.

Source: Mertens, Kautz, Van Reeth, Exposure fusion, Computer Graphics Forum 28(1), 2009, §3,
doi 10.1111/j.1467-8659.2008.01171.x; the pyramid is that of Burt and Adelson 1983.
"""

from __future__ import annotations

from math import log2

import numpy as np

from relume.arrays import Floats, Plane, Rgb
from relume.colour import luma
from relume.filters.channels import average

SPREAD = 0.2
"""Width of well-exposedness around the middle gray."""
NOTHING = 1e-12
"""Added to every weight, so that pixels without any share them equally."""
BINOMIAL = (1.0, 4.0, 6.0, 4.0, 1.0)


def fuse(pictures: list[Rgb], slopes: list[Plane]) -> tuple[Rgb, Plane]:
    """Blend pictures (h, w, 3) of one size, clipped to [0, 1], and their `slopes`, (h, w) each.

    A slope is the derivative of a picture by the one all were made from; the blend's is the mean
    weighted as the finest band of the pictures.
    """
    height, width = pictures[0].shape[:2]
    levels = max(int(log2(min(height, width))) - 2, 1)
    weights = _weights(pictures)
    blended: list[Floats] = []
    for picture, weight in zip(pictures, weights, strict=True):
        below, share = picture, weight[..., None]
        for level in range(levels):
            smaller = _reduce(below)
            detail = below - _expand(smaller, below.shape) if level + 1 < levels else below
            if level == len(blended):
                blended.append(np.zeros_like(detail))
            blended[level] += share * detail
            below, share = smaller, _reduce(share)
    result = blended.pop()
    while blended:
        detail = blended.pop()
        result = detail + _expand(result, detail.shape)
    slope = sum(weight * slope for weight, slope in zip(weights, slopes, strict=True))
    return np.clip(result, 0.0, 1.0), np.asarray(slope, np.float32)


def _weights(pictures: list[Rgb]) -> list[Plane]:
    """Return the share of each picture at each pixel; they sum to 1."""
    saturations = [_saturation(picture) for picture in pictures]
    coloured = any(saturation.any() for saturation in saturations)
    weights: list[Floats] = []
    for picture, saturation in zip(pictures, saturations, strict=True):
        exposed = np.exp(average((picture - 0.5) ** 2)[..., 0] * (-1.5 / SPREAD**2))
        weight = np.abs(_laplacian(luma(picture))) * exposed
        weights.append((weight * saturation if coloured else weight) + NOTHING)
    total = np.sum(weights, axis=0)
    return [(weight / total).astype(np.float32) for weight in weights]


def _saturation(picture: Rgb) -> Floats:
    """Return the standard deviation of the three channels."""
    return np.sqrt(average((picture - average(picture)) ** 2)[..., 0])


def _laplacian(plane: Floats) -> Floats:
    padded = np.pad(plane, 1, mode="symmetric")
    neighbours = padded[:-2, 1:-1] + padded[2:, 1:-1] + padded[1:-1, :-2] + padded[1:-1, 2:]
    return neighbours - 4.0 * plane


def _reduce(image: Floats) -> Floats:
    """Blur (h, w, C) binomially and keep every other pixel: → (⌈h/2⌉, ⌈w/2⌉, C)."""
    for axis in (0, 1):
        image = _halved(image, axis=axis)
    return image


def _expand(image: Floats, shape: tuple[int, ...]) -> Floats:
    """Return the interpolation of (⌈h/2⌉, ⌈w/2⌉, C) at (h, w, C) that `_reduce` belongs to."""
    for axis in (0, 1):
        size = shape[axis]
        near = np.moveaxis(image, axis, 0)
        padded = np.concatenate([near[:1], near, near[-1:]])
        enlarged = np.empty((size, *near.shape[1:]), near.dtype)
        count = near.shape[0]
        enlarged[::2] = (padded[:count] + 6.0 * near + padded[2:]) / 8.0
        enlarged[1::2] = ((near + padded[2:]) / 2.0)[: size // 2]
        image = np.moveaxis(enlarged, 0, axis)
    return image


def _halved(image: Floats, *, axis: int) -> Floats:
    lines = np.moveaxis(image, axis, 0)
    padded = np.concatenate([lines[:1], lines[:1], lines, lines[-1:], lines[-1:]])
    total = np.zeros_like(lines[::2])
    for shift, weight in enumerate(BINOMIAL):
        total += (weight / 16.0) * padded[shift : shift + lines.shape[0] : 2]
    return np.moveaxis(total, 0, axis)
