"""A network that looks at the whole picture small and restores the full one in pieces.

small = the picture reduced by area → slope, offset, amount, from one part of the graph
noise = what √E has too much, in tiles, from another part, where amount is above 0
result = Lift(slope, offset) of E + denoise · amount · (clip(√E − noise)² − E), from bytes to bytes,
         which are dithered where anything is restored

A picture whose channels are all equal is handled as the one plane it is: black and
white stays so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from relume import render
from relume.arrays import Map, Picture, Rgb
from relume.card import Card, Lifting, settle
from relume.engines import Graph, cell_layers, nodes, small_graph
from relume.engines.small_graph import SmallGraph
from relume.errors import WeightsError
from relume.filters.sample import lattice
from relume.levels import to_unit
from relume.looks.look import Look, check, placed, rendering, taken
from relume.render import Grid, Lift, Noise, restoration
from relume.render.bands import for_each
from relume.render.placement import taps
from relume.render.restoration import CellLayers
from relume.runtime.streams import streamed
from relume.tiles import cutter, fit

FLOOR = "floor"
FLOORS: Mapping[str, float] = {"uint8": 1.0, "float32": 1.0, "uint16": 0.25}
"""What a knob of this name, in levels of 8 bits, is multiplied by. Near black a step of 16 bits is
that of the sensor: of 14 bits, 12.92/16383 of encoded white, a fifth of a level of 8 bits. Floats
say nothing of their steps; mostly they come from bytes."""

LOOK = ("slope", "offset", "amount")
NOISE = "noise"


class Parts(NamedTuple):
    """What of a model runs here without an engine; None where its graph is of another kind."""

    layers: CellLayers | None
    """The output `noise`."""
    small: SmallGraph | None
    """`LOOK`, of a picture that is reduced."""


def parts(model: bytes, card: Card, *, published: bool) -> Parts:
    """Return what of a model runs here without an engine; what is not published is tried first."""
    try:
        graph = nodes.read(model)
    except (WeightsError, ValueError):  # whatever runs models says what is wrong with it
        return Parts(None, None)
    side = card.lifting.side if card.lifting is not None else 0
    small = small_graph.read(graph, LOOK, shape=(1, 3, side, side))
    if small is not None and not published and not small.works():
        small = None
    return Parts(cell_layers.of(graph), small)


class LiftMethod:
    """A graph with the outputs `slope`, `offset`, `amount` and `noise`.

    It runs on one thread: tiles run side by side, and the small picture takes 2 ms. Where `parts`
    are given, they do the work instead of the graph: the noise compiled, and one with the lift; and
    what is seen small node by node, without a session.
    """

    def __init__(
        self,
        graph: Graph,
        card: Card,
        *,
        parts: Parts | None = None,
        threads: int | None = None,
        memory: int = cutter.MEMORY,
    ) -> None:
        if card.lifting is None:
            raise WeightsError(f"{card.name}: its card does not say how it lifts")
        self.card = card
        self._how: Lifting = card.lifting
        self._graph = graph
        self._layers = parts.layers if parts is not None else None
        self._small = parts.small if parts is not None else None
        self._threads = threads
        self._side = max(cutter.side_of_tile(card, memory=memory), 2 * self._how.halo + 64)

    def __call__(self, image: Picture, /, **knobs: float) -> Picture:
        return self.apply(image, knobs=settle(self.card, knobs), strength=1.0)

    def maps(self, image: Picture, /, **knobs: float) -> dict[str, Map]:
        fit.check_picture(image)
        return self._seen(gray_plane(image), settle(self.card, knobs))

    def look(self, picture: Picture, /, **knobs: float) -> Look:
        """Return slope, offset and amount, small, and how much noise is to be taken away."""
        fit.check_picture(picture)
        settled, size = settle(self.card, knobs), (picture.shape[0], picture.shape[1])
        found = self._seen(gray_plane(picture), settled)
        small = (found["slope"].shape[0], found["slope"].shape[1])
        lift = Lift(found["slope"], found["offset"], render.centred(small, size))
        seen = taken(self.card, size, lift)
        return replace(
            seen,
            maps={**seen.maps, "amount": found["amount"]},
            scalars={**seen.scalars, "denoise": settled["denoise"]},
        )

    def paint(
        self, look: Look, picture: Picture, /, *, strength: float = 1.0, out: Picture | None = None
    ) -> Picture:
        """Lift a picture and take its noise away, as a look says."""
        fit.check_picture(picture)
        check(look, self.card)
        plane = gray_plane(picture)
        if plane is not picture:
            relit = self.paint(look, plane, strength=strength)
            return placed(np.repeat(relit[..., None], 3, axis=2), out)
        lift = rendering(look, onto=(picture.shape[0], picture.shape[1]))
        assert isinstance(lift, Lift)  # what this card's looks are
        amount = np.asarray(look.maps["amount"], np.float32) * np.float32(look.scalars["denoise"])
        if not amount.any():
            return render.apply(lift, picture, strength=strength, out=out, threads=self._threads)
        if self._layers is not None and restoration.instructions() is not None:
            found = streamed(
                self._layers,
                lift,
                amount,
                picture,
                strength=strength,
                halo=self._how.halo,
                threads=self._threads,
                out=out,
            )
            return found if found is out else placed(found, out)
        result = np.empty_like(picture)

        def paint(tile: cutter.Tile) -> None:
            self._paint(picture, result, tile, lift=lift, amount=amount, strength=strength)

        for_each(paint, self._tiles(picture), threads=self._threads)
        return placed(result, out)

    def apply(self, picture: Picture, *, knobs: Mapping[str, float], strength: float) -> Picture:
        return self.paint(self.look(picture, **knobs), picture, strength=strength)

    def _tiles(self, picture: Picture) -> list[cutter.Tile]:
        height, width = picture.shape[:2]
        halo, multiple = self._how.halo, self.card.multiple_of
        return list(cutter.tiles(height, width, side=self._side, halo=halo, multiple_of=multiple))

    def _seen(self, picture: Picture, knobs: Mapping[str, float]) -> dict[str, Map]:
        small = reduced(picture, self._how.side)
        feeds = {"image": np.ascontiguousarray(small.transpose(2, 0, 1)[None])}
        for name, value in knobs.items():
            if name in self._graph.inputs:
                of_type = FLOORS[picture.dtype.name] if name == FLOOR else 1.0
                feeds[name] = np.asarray(of_type * value, np.float32)
        found = self._graph.run(feeds, LOOK) if self._small is None else self._small.run(feeds)
        return {
            name: np.ascontiguousarray(value[0].transpose(1, 2, 0))
            for name, value in zip(LOOK, found, strict=True)
        }

    def _paint(
        self,
        picture: Picture,
        result: Picture,
        tile: cutter.Tile,
        *,
        lift: Lift,
        amount: Map,
        strength: float,
    ) -> None:
        """Finish the inner part of a tile."""
        grid = _moved(lift.grid, tile.inner)
        before, after = picture[tile.inner], result[tile.inner]
        noise = None
        if _reached(amount, grid, before).any():
            corner = (tile.crop[0].start, tile.crop[1].start)
            noise = Noise(self._noise(picture[tile.outer]), corner, amount)
        first = (tile.inner[0].start, tile.inner[1].start)
        here = Lift(lift.slope, lift.offset, grid, noise, dither=first)
        render.apply(here, before, strength=strength, out=after, threads=1)

    def _noise(self, piece: Picture) -> NDArray[np.float32]:
        """Return what the roots of a piece have too much, as planes at least as large as it."""
        bottom, right = (-side % self.card.multiple_of for side in piece.shape[:2])
        if bottom or right:
            rest = ((0, 0),) * (piece.ndim - 2)
            piece = np.pad(piece, ((0, bottom), (0, right), *rest), mode="edge")
        image = np.empty((3, *piece.shape[:2]), np.float32)
        for channel in range(3):
            to_unit(piece if piece.ndim == 2 else piece[..., channel], out=image[channel])
        found = self._graph.run({"image": image[None]}, [NOISE])[0][0]
        return found if piece.ndim == 3 else found.mean(axis=0, keepdims=True)


def gray_plane(picture: Picture) -> Picture:
    """Return the plane of a picture whose channels are equal everywhere, any other as it is."""
    if picture.ndim == 2:
        return picture
    few = picture[np.ix_(*lattice(picture.shape[0], picture.shape[1], most=2**12))]
    # A few pixels tell for nearly all pictures in colour; the rest take 10 ms per megapixel.
    for pixels in (few, picture):
        if not all(np.array_equal(pixels[..., 0], pixels[..., each]) for each in (1, 2)):
            return picture
    return np.ascontiguousarray(picture[..., 0])


def reduced(picture: Picture, side: int) -> Rgb:
    """Average a picture over the areas of side × side samples, whatever its size."""
    height, width = picture.shape[:2]
    small = render.reduce(picture, height=min(height, side), width=min(width, side))
    return (
        np.einsum(  # in two products: in one, a picture a little under `side` takes seconds
            "hH,HWc,wW->hwc",
            _areas(small.shape[0], side),
            small,
            _areas(small.shape[1], side),
            optimize=True,
        )
        if small.shape[:2] != (side, side)
        else small
    ).astype(np.float32, copy=False)


def _areas(size: int, side: int) -> Map:
    ends = np.arange(side + 1) * (size / side)
    place = np.arange(size)
    shared = np.minimum(ends[1:, None], place + 1) - np.maximum(ends[:-1, None], place)
    return (np.maximum(shared, 0) * (side / size)).astype(np.float32)


def _moved(grid: Grid, inner: tuple[slice, slice]) -> Grid:
    """Return where the pixels of a piece of the picture lie."""
    rows, columns = (
        offset + scale * piece.start
        for scale, offset, piece in zip(grid.scale, grid.offset, inner, strict=True)
    )
    return Grid(grid.scale, (rows, columns))


def _reached(small: Map, grid: Grid, piece: Picture) -> Map:
    """Return the part of a small map that reaches the pixels of a piece."""
    rows, columns = (
        taps(size, scale=scale, offset=offset, samples=samples).index
        for size, scale, offset, samples in zip(
            piece.shape, grid.scale, grid.offset, small.shape, strict=False
        )
    )
    return small[rows[0] : rows[-1] + 2, columns[0] : columns[-1] + 2]
