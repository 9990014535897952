"""The renderings in float64, whole and slow: what both code paths are measured against."""

from __future__ import annotations

import numpy as np

from relume.render import Affine, Blend, Curve, Gain, Grid, Relight, Tone

TOP = {"uint8": 255.0, "uint16": 65535.0, "float32": 1.0}


def decode(encoded):
    return np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)


def encode(linear):
    return np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)


def enlarged(small: np.ndarray, grid: Grid, height: int, width: int) -> np.ndarray:
    """Interpolate one axis after the other with np.interp, which clamps at the ends."""
    y, x = (
        grid.scale[axis] * np.arange(size) + grid.offset[axis]
        for axis, size in enumerate((height, width))
    )
    planes = []
    for plane in np.moveaxis(small.astype(np.float64), 2, 0):
        tall = np.array([np.interp(y, np.arange(len(line)), line) for line in plane.T]).T
        planes.append([np.interp(x, np.arange(len(line)), line) for line in tall])
    return np.moveaxis(np.array(planes), 0, 2)


def _clip(values):
    return np.clip(values, 0, 1)


def _rendered(rendering, unit: np.ndarray) -> np.ndarray:
    """(H, W, C) float64 → the same."""
    size = unit.shape[:2]
    gray = unit.shape[2] == 1

    def full(small):
        return enlarged(small.mean(axis=2, keepdims=True) if gray else small, rendering.grid, *size)

    match rendering:
        case Curve():
            a, x = full(rendering.map), unit
            for _ in range(rendering.iterations):
                x = x + a * x * (1 - x)
            return x
        case Gain():
            x = unit * full(rendering.map)
            return x / np.maximum(x.max(axis=2, keepdims=True), 1) if rendering.keep_hue else x
        case Affine():
            return unit * full(rendering.slope) + full(rendering.offset)
        case Blend():
            return unit + full(rendering.map) * (_clip(rendering.transfer(unit)) - unit)
        case Relight():
            linear = decode(unit)
            gain = np.maximum(rendering.gain(linear.max(axis=2, keepdims=True)), 0)
            bright = linear * gain
            return encode(bright / np.maximum(bright.max(axis=2, keepdims=True), 1))
        case Tone():
            if gray or rendering.by == "channel":
                return rendering.transfer(unit)
            if rendering.by == "value":
                key = unit.max(axis=2, keepdims=True)
            else:
                key = (unit * (0.299, 0.587, 0.114)).sum(axis=2, keepdims=True)
            mapped = _clip(rendering.transfer(key))
            if rendering.by == "shift":
                return unit + (mapped - key)
            with np.errstate(divide="ignore", invalid="ignore"):
                x = unit * (mapped / key)
            x = x / np.maximum(x.max(axis=2, keepdims=True), 1)
            return np.where(unit.max(axis=2, keepdims=True) == 0, mapped, x)


def reference(rendering, picture: np.ndarray, strength: float) -> np.ndarray:
    """Return the exact result in levels, not rounded."""
    top = TOP[picture.dtype.name]
    unit = picture.astype(np.float64) / top
    colour = unit.reshape(*unit.shape[:2], -1)
    after = _clip(_rendered(rendering, colour)).reshape(unit.shape)
    return top * _clip(unit + strength * (after - unit))
