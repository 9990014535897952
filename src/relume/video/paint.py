"""A look painted over a frame without leaving YUV.

What a look does to a pixel depends on its place and its colour alone. Colour is stored for blocks
of luma samples, so each block is painted once, by the mean of its luma Ȳ, which gives its new
colour and its new luma L(Ȳ). Each luma sample then follows the curve T of its place for gray,
corrected by what the block's colour makes of it:

    Y → T(Y) + L(Ȳ) − T(Ȳ)

which is exact for a block of one luma, and for gray whatever its luma is. `curves` measures T.

What depends on neighbours, noise taken away for one, is painted in RGB over the whole frame, whose
luma is dithered by up to half a code: what was noise would change in steps that can be seen.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from relume.arrays import Picture, Rgb
from relume.looks.look import Look
from relume.render.bands import each_band, thread_count
from relume.render.placement import place
from relume.render.samples import dither
from relume.video.colour import Colour, from_signal, levels, to_rgb_matrix, to_signal
from relume.video.compiled import Code, PlaneCode, plane_code
from relume.video.compiled import Lift as PlaneLift
from relume.video.curves import CELLS, LEVELS, Curves, between_levels, chart, placed
from relume.video.layout import Layout, Planes
from relume.video.looks import Looker, evened
from relume.video.small import Plane

ROWS = 64
"""Rows of chroma in a band: all threads end at about the same time."""


class Painter:
    """Paints looks of one method over frames of one layout and colour."""

    def __init__(
        self, looker: Looker, layout: Layout, colour: Colour, *, threads: int | None = None
    ) -> None:
        self._looker, self._layout, self._colour = looker, layout, colour
        self._threads = threads
        self._levels = levels(layout.depth, colour.range)
        self._weights = np.array(colour.weights(), np.float32)
        self._chart = chart()
        self._pixels: tuple[Rgb, Rgb] | None = None
        """Before and after, kept from frame to frame: fresh memory takes as long as what is done in
        it."""
        codes = np.arange(self._levels.top + 1, dtype=np.float32)
        self._of_codes = between_levels((codes - self._levels.black) / self._levels.luma)

    def paint(self, look: Look, planes: Planes) -> Planes:
        """Return new planes of the same sizes."""
        if self._looker.leaves_alone:
            return planes
        if self._looker.restores(look):
            return self._restored(look, planes)
        if self._layout.gray:
            code = self._levels
            luma = (planes[0].astype(np.float32) - np.float32(code.black)) / np.float32(code.luma)
            gray = self._painted(look, np.clip(luma, 0, 1))
            return (self._stored(gray, code.black, code.luma),)
        compiled = plane_code()
        if compiled is not None:
            return self._compiled(compiled, look, planes)
        return self._portable(look, planes)

    def curves(self, look: Look) -> Curves:
        """Measure T for a look."""
        return Curves.of_chart(self._painted(look, self._chart) @ self._weights)

    def _compiled(self, compiled: PlaneCode, look: Look, planes: Planes) -> Planes:
        tall, wide = planes[1].shape
        code, new = self._code(), tuple(np.empty(plane.shape, plane.dtype) for plane in planes)
        rows, columns = placed(tall, wide)
        place = rows.index, rows.weight, columns.index, columns.weight
        tables, size = self.curves(look).tables, (CELLS, CELLS, LEVELS)
        curves = (size, tables, *place, *self._of_codes)
        lift = self._lift(look, planes)
        painted: Rgb | None = None
        if lift is None:
            painted = self._painted(look, self._blocks(compiled, planes)).reshape(tall, 3 * wide)
        threads = thread_count(self._threads)

        def paint(first: int, last: int) -> None:
            band = None if painted is None else painted[first:last]
            compiled.paint(code, self._layout.depth, curves, lift, band, planes, new, first, last)

        each_band(paint, height=tall, rows=-(-tall // (2 * threads)), threads=threads)
        return new

    def _blocks(self, compiled: PlaneCode, planes: Planes) -> Rgb:
        """Return the colours of blocks."""
        tall, wide = planes[1].shape
        rgb, code = np.empty((tall, wide, 3), np.float32), self._code()
        flat = rgb.reshape(tall, 3 * wide)

        def take(first: int, last: int) -> None:
            u, v = (plane[first:last] for plane in planes[1:])
            compiled.blocks(code, planes[0], u, v, first, flat[first:last])

        each_band(take, height=tall, rows=ROWS, threads=self._threads)
        return rgb

    def _lift(self, look: Look, planes: Planes) -> PlaneLift | None:
        """Return the lift that a look is, laid over chroma; None for another rendering or light."""
        if self._colour.is_hdr:
            return None
        tall, wide = planes[1].shape
        lift = self._looker.lift(look, onto=(tall, wide))
        if lift is None:
            return None
        slope, offset = lift.slope, lift.offset
        if self._is_gray(planes):
            slope, offset = evened(slope), evened(offset)  # black and white stays so
        rows, columns = place(lift.grid, small=slope.shape[:2], full=(tall, wide))
        where = rows.index, rows.weight, columns.index, columns.weight
        return (slope.shape[:2], slope, offset, *where, self._looker.strength)

    def _is_gray(self, planes: Planes) -> bool:
        """Tell whether there is no colour; a few rows tell for nearly all frames that have some."""
        neutral = self._levels.neutral
        few = all((plane[::16] == neutral).all() for plane in planes[1:])
        return few and all((plane == neutral).all() for plane in planes[1:])

    def _code(self) -> Code:
        layout, code = self._layout, self._levels
        red, _, blue = (float(weight) for weight in self._weights)
        return (
            layout.dtype.itemsize, layout.across, layout.down,
            code.black, code.luma, code.neutral, code.chroma, float(code.top), red, blue,
        )  # fmt: skip

    def _portable(self, look: Look, planes: Planes) -> Planes:
        code = self._levels
        luma, chroma = self._unit(planes)
        mean = self._block_means(luma, chroma[0].shape)
        rgb = np.stack([mean, *chroma], axis=-1) @ to_rgb_matrix(self._colour.weights()).T
        after = self._painted(look, np.clip(rgb, 0, 1))
        curves = self.curves(look)
        along = curves.at(luma, down=self._layout.down, across=self._layout.across)
        beyond = self._enlarged(after @ self._weights - curves.at(mean), luma.shape)
        return (
            self._stored(along + beyond, code.black, code.luma),
            *self._new_chroma(after),
        )

    def _restored(self, look: Look, planes: Planes) -> Planes:
        """Paint in RGB over the whole frame."""
        compiled = plane_code()
        if compiled is not None and not self._layout.gray:
            return self._restored_fast(compiled, look, planes)
        code = self._levels
        luma, chroma = self._unit(planes)
        if self._layout.gray:
            rgb = np.clip(luma, 0, 1)
        else:
            full = [self._enlarged(each, luma.shape) for each in chroma]
            matrix = to_rgb_matrix(self._colour.weights()).T
            rgb = np.clip(np.stack([luma, *full], axis=-1) @ matrix, 0, 1)
        after = self._restored_rgb(look, rgb)
        added = dither((luma.shape[0], luma.shape[1]), first=(0, 0))
        if self._layout.gray:
            return (self._stored(after, code.black, code.luma, added=added),)
        new_luma = self._stored(after @ self._weights, code.black, code.luma, added=added)
        means = [self._block_means(after[..., each], chroma[0].shape) for each in range(3)]
        return new_luma, *self._new_chroma(np.stack(means, axis=-1))

    def _restored_fast(self, compiled: PlaneCode, look: Look, planes: Planes) -> Planes:
        height, width = planes[0].shape
        code, item = self._code(), self._layout.dtype.itemsize
        if self._pixels is None or self._pixels[0].shape[:2] != (height, width):
            shape = (height, width, 3)
            self._pixels = np.empty(shape, np.float32), np.empty(shape, np.float32)
        rgb, out = self._pixels
        tall = planes[1].shape[0]

        def take(first: int, last: int) -> None:
            flat = rgb.reshape(height, 3 * width)
            compiled.to_rgb(code, planes[0].itemsize, planes, flat, first, last)

        each_band(take, height=tall, rows=ROWS, threads=self._threads)
        after = np.ascontiguousarray(self._restored_rgb(look, rgb, out), np.float32)
        new = tuple(np.empty(plane.shape, self._layout.dtype) for plane in planes)

        def store(first: int, last: int) -> None:
            compiled.from_rgb(code, item, new, after.reshape(height, 3 * width), first, last)

        each_band(store, height=tall, rows=ROWS, threads=self._threads)
        return new

    def _restored_rgb(self, look: Look, rgb: NDArray[Any], out: Rgb | None = None) -> NDArray[Any]:
        transfer, encoded = self._colour.transfer, rgb.astype(np.float32, copy=False)
        seen = np.ascontiguousarray(to_signal(encoded, transfer))
        made = self._looker.restore(look, seen, out)
        return from_signal(made, transfer, seen=seen, encoded=encoded)

    def _unit(self, planes: Planes) -> tuple[Plane, list[Plane]]:
        """Return Y′ and C_B, C_R in their units."""
        code = self._levels
        luma, *chroma = (plane.astype(np.float32) for plane in planes)
        unit = (luma - np.float32(code.black)) / np.float32(code.luma)
        return unit, [
            (each - np.float32(code.neutral)) / np.float32(code.chroma) for each in chroma
        ]

    def _new_chroma(self, rgb: Rgb) -> tuple[NDArray[Any], NDArray[Any]]:
        code, luma = self._levels, rgb @ self._weights
        red, _, blue = self._weights
        return (
            self._stored((rgb[..., 2] - luma) / (2 - 2 * blue), code.neutral, code.chroma),
            self._stored((rgb[..., 0] - luma) / (2 - 2 * red), code.neutral, code.chroma),
        )

    def _painted(self, look: Look, encoded: NDArray[Any]) -> NDArray[np.float32]:
        transfer = self._colour.transfer
        seen: Picture = to_signal(encoded.astype(np.float32, copy=False), transfer)
        made = self._looker.paint(look, np.ascontiguousarray(seen))
        after = from_signal(made, transfer, seen=seen, encoded=encoded)
        return after.astype(np.float32, copy=False)

    def _block_means(self, luma: Plane, size: tuple[int, ...]) -> Plane:
        """Average luma over the samples that share a chroma sample."""
        tall, wide = 1 << self._layout.down, 1 << self._layout.across
        missing = size[0] * tall - luma.shape[0], size[1] * wide - luma.shape[1]
        if any(missing):
            luma = np.pad(luma, ((0, missing[0]), (0, missing[1])), mode="edge")
        parts = [luma[row::tall, column::wide] for row in range(tall) for column in range(wide)]
        return np.asarray(sum(parts) / np.float32(len(parts)), np.float32)

    def _enlarged(self, blocks: Plane, size: tuple[int, ...]) -> Plane:
        """Give each luma sample what its block has."""
        tall, wide = 1 << self._layout.down, 1 << self._layout.across
        return np.repeat(np.repeat(blocks, tall, axis=0), wide, axis=1)[: size[0], : size[1]]

    def _stored(
        self, values: NDArray[Any], zero: float, span: float, *, added: Plane | float = 0.0
    ) -> NDArray[Any]:
        code = np.floor(values * np.float32(span) + np.float32(zero + 0.5) + added)
        return np.clip(code, 0, self._levels.top).astype(self._layout.dtype)
