"""A frame made small: what a method looks at, and what tells whether the light changed."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from relume import render
from relume.arrays import Map, Rgb
from relume.video.colour import Colour, levels, to_rgb_matrix, to_signal
from relume.video.compiled import plane_code
from relume.video.layout import Layout, Planes

Plane: TypeAlias = NDArray[np.float32]

SIDE = 256
"""Pixels along the longer side of what a method looks at."""


def seen(planes: Planes, layout: Layout, colour: Colour) -> Rgb:
    """Return a frame at most SIDE large as sRGB-like (h, w, 3) in [0, 1], averaged by area."""
    tall, wide = planes[0].shape
    scale = min(1.0, SIDE / max(tall, wide))
    height, width = max(1, round(tall * scale)), max(1, round(wide * scale))
    code = levels(layout.depth, colour.range)
    luma = (_averaged(planes[0], height, width) - code.black) / code.luma
    if layout.gray:
        rgb = np.repeat(luma[..., None], 3, axis=2)
    else:
        chroma = [
            (_averaged(each, height, width) - code.neutral) / code.chroma for each in planes[1:]
        ]
        matrix = to_rgb_matrix(colour.weights())
        rgb = np.empty((height, width, 3), np.float32)
        for channel, (_, of_blue, of_red) in enumerate(matrix):
            rgb[..., channel] = luma + of_blue * chroma[0] + of_red * chroma[1]
    unit = np.clip(rgb, 0, 1).astype(np.float32)
    return np.ascontiguousarray(to_signal(unit, colour.transfer))


def _averaged(plane: NDArray[Any], height: int, width: int) -> Plane:
    """Average codes by area; a plane that is smaller, as chroma may be, is repeated.

    Of large planes every second row, or fewer, is asked: two and more are left for each mean.
    """
    step = max(1, max(plane.shape) // (2 * SIDE))
    rows, columns = -(-plane.shape[0] // step), plane.shape[1]
    size = min(rows, height), min(columns, width)
    if (rows, columns) == size and step == 1:
        return spread(plane.astype(np.float32), height, width)
    compiled = plane_code()
    if compiled is not None:
        small = np.empty(size, np.float32)
        compiled.shrink(plane.itemsize, plane, step, small)
    else:
        top = 255.0 if plane.dtype == np.uint8 else 65535.0
        read = np.ascontiguousarray(plane[::step])
        small = render.reduce(read, height=size[0], width=size[1])[..., 0] * np.float32(top)
    return spread(small, height, width)


def shrunk(rgb: Rgb, *, height: int, width: int) -> Rgb:
    """Average a small picture over at most (height, width) areas of whole samples."""
    tall, wide = rgb.shape[:2]
    height, width = min(tall, height), min(wide, width)
    compiled = plane_code()
    if compiled is not None:
        small = np.empty((height, width, 3), np.float32)
        read = np.ascontiguousarray(rgb, np.float32).reshape(tall, 3 * wide)
        compiled.areas(read, small.reshape(height, 3 * width))
        return small
    rows, columns = _bounds(tall, height), _bounds(wide, width)
    total = np.add.reduceat(np.add.reduceat(rgb, rows, axis=0), columns, axis=1)
    covered = np.diff(rows, append=tall)[:, None] * np.diff(columns, append=wide)
    return np.asarray(total / covered[..., None], np.float32)


def _bounds(size: int, parts: int) -> NDArray[np.intp]:
    return np.arange(parts) * size // parts


def spread(plane: Plane, height: int, width: int) -> Plane:
    """Bring a plane to a size by repeating its samples, edges agreeing."""
    return spread_all(plane[None], height, width)[0]


def spread_all(planes: Map, height: int, width: int) -> Map:
    """Bring planes (n, h, w) to a size by repeating their samples, edges agreeing."""
    tall, wide = planes.shape[1:]
    if (tall, wide) == (height, width):
        return planes
    rows = (np.arange(height) * tall) // height
    columns = (np.arange(width) * wide) // width
    return planes[:, rows[:, None], columns]


def guide(rgb: Rgb) -> Plane:
    """Return log₂ of the light of a small picture, about (24, 24): 1 is a stop.

    A thousandth of white is added: below it a stop is a matter of noise.
    """
    small = shrunk(rgb, height=24, width=24)
    light = np.power(small.max(axis=2), np.float32(2.2))
    return np.log2(light + np.float32(1e-3)).astype(np.float32)
