"""The statistics of a picture as OpenCV's quality module computes them for its BRISQUE model.

They differ from the authors' (`brisque.features`): gray and white of OpenCV, edges repeated, half
size without protection against aliasing, neighbours outside the picture count as zero, one
asymmetric fit also for the samples themselves, and float32 throughout.

Source: OpenCV 5.0, opencv_contrib/modules/quality (Apache-2.0), behaviour only.

| domain                                  | range     |
|-----------------------------------------|-----------|
| (H, W) or (H, W, 3) whose white is 255   | (36,)     |
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from relume.arrays import Plane
from relume.metrics.natural_scenes import WINDOW, fit_asymmetric, gamma_ratio
from relume.metrics.planes import Doubles, gray_opencv

SHARPNESS = -0.75
"""The parameter of OpenCV's cubic interpolation."""

SHIFTS = ((0, 1), (1, 0), (1, 1), (-1, 1))


def opencv_features(picture: NDArray[Any]) -> Doubles:
    """Return the 36 statistics of a picture."""
    plane = (gray_opencv(picture) / 255.0).astype(np.float32)
    values = np.concatenate([_statistics(plane), _statistics(_halve(plane))])
    return values.astype(np.float32).astype(np.float64)


def _statistics(plane: Plane) -> Doubles:
    normalised = _normalise(plane)
    shape, left, right = fit_asymmetric(normalised.astype(np.float64))
    values = [shape, (left**2 + right**2) / 2.0]
    for shift in SHIFTS:
        products = normalised * _beside(normalised, shift=shift)
        shape, left, right = fit_asymmetric(products.astype(np.float64))
        mean = (right - left) * gamma_ratio(2, 1, shape) * np.sqrt(gamma_ratio(1, 3, shape))
        values += [shape, mean, left**2, right**2]
    return np.array(values)


def _normalise(plane: Plane) -> Plane:
    """Return (I − μ)/(σ + 1/255); zero where rounding made σ² negative."""
    mean = _window(plane)
    variance = _window(plane * plane) - mean * mean
    deviation = np.sqrt(np.maximum(variance, 0)) + np.float32(1 / 255)
    return np.where(variance < 0, np.float32(0), (plane - mean) / deviation)


def _window(plane: Plane) -> Plane:
    weights = WINDOW.astype(np.float32)
    padded = np.pad(plane, WINDOW.size // 2, mode="edge")
    for axis in (1, 0):
        lines = np.moveaxis(padded, axis, 0)
        kept = lines.shape[0] - weights.size + 1
        total = np.zeros_like(lines[:kept])
        for offset, weight in enumerate(weights):
            total += weight * lines[offset : offset + kept]
        padded = np.moveaxis(total, 0, axis)
    return padded


def _beside(plane: Plane, *, shift: tuple[int, int]) -> Plane:
    """Return at each place the sample `shift` rows and columns on, zero outside."""
    (down, right), (height, width) = shift, plane.shape
    padded = np.pad(plane, 1)
    return padded[1 + down : 1 + down + height, 1 + right : 1 + right + width]


def _halve(plane: Plane) -> Plane:
    """Reduce to ⌊n/2⌋ samples a side by cubic interpolation between four, edges repeated."""
    for axis in (0, 1):
        lines = np.moveaxis(plane, axis, 0)
        size = lines.shape[0]
        position = (np.arange(size // 2) + 0.5) * (size / (size // 2)) - 0.5
        first = np.floor(position)
        share = (position - first)[:, None]
        index = np.clip(first[:, None].astype(np.intp) + np.arange(-1, 3), 0, size - 1)
        weights = _cubic(np.abs(share - np.arange(-1, 3))).astype(np.float32)
        total = sum(weights[:, tap, None] * lines[index[:, tap]] for tap in range(4))
        plane = np.moveaxis(np.asarray(total), 0, axis)
    return plane


def _cubic(distance: Doubles) -> Doubles:
    """Return Keys' kernel at distances of at most 2."""
    a = SHARPNESS
    near = ((a + 2) * distance - (a + 3)) * distance**2 + 1
    far = a * (((distance - 5) * distance + 8) * distance - 4)
    return np.where(distance <= 1, near, far)
