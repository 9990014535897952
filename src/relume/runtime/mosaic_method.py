"""A neural method that reads the sensor: from a mosaic to a finished picture.

The graph sees every camera alike: a mosaic in RGGB phase, from black 0 to white 1, white-balanced
so that gray is gray and a full site is 1 in every channel. It returns RGB of the same camera with
the transfer function of sRGB. What differs between cameras, the white balance before it and the
colour matrix behind it, is arithmetic and stays outside.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from relume.arrays import Map, Picture, Plane, Rgb
from relume.card import Card, settle
from relume.data.mosaicking import balanced
from relume.engines import Graph
from relume.errors import ContractError, WeightsError
from relume.levels import to_unit
from relume.looks.look import Look, check, digest, placed
from relume.photo import Mosaic
from relume.render.bands import each_band
from relume.runtime.camera_colours import to_srgb
from relume.tiles import cutter, fit

AMPLIFICATION = "amplification"
AUTOMATIC = "automatic_amplification"
"""The output that says what the histogram of a mosaic asks for."""
WHOLE = 20_000_000
"""Sites of what is run at once, in about a gigabyte: a frame of 20 megapixels needs no tiles."""
SIDE = 4608
"""Of tiles where more is needed: halo included, they have as many sites; a tenth to a third of
the work is done twice."""


class MosaicMethod:
    """A graph with the input `image`, (1, 1, H, W), the knob `amplification`, 0-d, and the outputs
    `enhanced`, (1, 3, H, W), and `automatic_amplification`, (1, 1, 1, 1).

    Knob 0 means automatic: found once on the whole mosaic, so that tiles agree.
    """

    def __init__(self, graph: Graph, card: Card) -> None:
        self.card = card
        self._graph = graph
        wanted = {"image", AMPLIFICATION, "enhanced", AUTOMATIC}
        missing = wanted - {*graph.inputs, *graph.outputs}
        if missing:
            raise WeightsError(f"{card.name}: the model lacks {', '.join(sorted(missing))}")

    def __call__(self, image: Picture, /, **knobs: float) -> Rgb:
        """Develop a white-balanced plane in RGGB phase, (H, W), as it stands: no colour matrix.

        uint8 and uint16 span their whole type, float32 [0, 1]; the result is float32 in [0, 1].
        """
        return self.apply(image, knobs=settle(self.card, knobs), strength=1.0)

    def maps(self, image: Picture, /, **knobs: float) -> dict[str, Map]:
        """Return the automatic amplification, (1, 1, 1), whatever the knob says."""
        settle(self.card, knobs)
        found = self._automatic(_padded(_checked(image), self.card.multiple_of))
        return {AUTOMATIC: np.full((1, 1, 1), found, np.float32)}

    def look(self, picture: Picture, /, **knobs: float) -> Look:
        """Return the amplification: the knob's, or what the whole mosaic needs."""
        settled, plane = settle(self.card, knobs), _checked(picture)
        factor = settled[AMPLIFICATION] or self._automatic(_padded(plane, self.card.multiple_of))
        size = (plane.shape[0], plane.shape[1])
        scalars = {AMPLIFICATION: factor}
        return Look(self.card.name, digest(self.card), size, AMPLIFICATION, scalars=scalars)

    def paint(
        self, look: Look, picture: Picture, /, *, strength: float = 1.0, out: Picture | None = None
    ) -> Picture:
        """Develop a plane with the amplification of a look."""
        check(look, self.card)
        return placed(self.apply(picture, knobs=look.scalars, strength=strength), out)

    def apply(self, picture: Picture, *, knobs: Mapping[str, float], strength: float) -> Rgb:
        """Develop with settled knobs; the amplification is raised to the power of `strength`, so 0
        leaves the exposure as it was taken."""
        plane = _checked(picture)
        padded = _padded(plane, self.card.multiple_of)
        pieces = self._pieces(*padded.shape)
        factor = knobs[AMPLIFICATION]
        if not factor and (len(pieces) > 1 or strength != 1.0):
            factor = self._automatic(padded)
        if strength != 1.0:
            factor **= strength
        result = np.empty((*plane.shape, 3), np.float32)
        for tile in pieces:
            _paint(result, tile, self._run(padded[tile.outer], factor))
        return result

    def develop(self, mosaic: Mosaic, *, knobs: Mapping[str, float], strength: float = 1.0) -> Rgb:
        """Return a sensor's picture as (H, W, 3) float32, sRGB in [0, 1], of the mosaic's size."""
        down, right = mosaic.offset_of_red()
        plane = np.pad(mosaic.normalised(), ((down, 0), (right, 0)), mode="reflect")
        plane = balanced(plane, mosaic.white_balance)
        picture = self.apply(plane, knobs=knobs, strength=strength)
        return to_srgb(picture, mosaic.matrix)[down:, right:]

    def _pieces(self, height: int, width: int) -> list[cutter.Tile]:
        reach = self.card.reach
        if reach is None or height * width <= WHOLE:
            everything = (slice(0, height), slice(0, width))
            return [cutter.Tile(everything, everything)]
        return list(
            cutter.tiles(height, width, side=SIDE, halo=reach, multiple_of=self.card.multiple_of)
        )

    def _automatic(self, padded: Plane) -> float:
        """Ask the graph what a whole mosaic needs."""
        feeds = {"image": padded[None, None], AMPLIFICATION: np.zeros((), np.float32)}
        return float(self._graph.run(feeds, [AUTOMATIC])[0].reshape(()))

    def _run(self, plane: Plane, factor: float) -> Rgb:
        feeds = {
            "image": np.ascontiguousarray(plane)[None, None],
            AMPLIFICATION: np.array(factor, np.float32),
        }
        return self._graph.run(feeds, ["enhanced"])[0][0].transpose(1, 2, 0)


def _checked(picture: Picture) -> Plane:
    fit.check_picture(picture)
    if picture.ndim != 2:
        raise ContractError(f"mosaic: expected one plane, (H, W), got {picture.shape}")
    return to_unit(picture)


def _padded(plane: Plane, multiple_of: int) -> Plane:
    """Mirror right and bottom up to a multiple, about the last site: each keeps its colour."""
    bottom, right = (-side % multiple_of for side in plane.shape)
    return np.pad(plane, ((0, bottom), (0, right)), mode="reflect") if bottom or right else plane


def _paint(result: Rgb, tile: cutter.Tile, high: Rgb) -> None:
    """Copy what a tile is kept for into the result, which is smaller by the padding."""
    rows, columns = tile.inner
    place = result[rows, columns]
    kept = high[tile.crop][: place.shape[0], : place.shape[1]]

    def copy(first: int, last: int) -> None:
        place[first:last] = kept[first:last]

    each_band(copy, height=place.shape[0], rows=256, threads=None)
