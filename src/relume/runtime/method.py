"""Anything that brightens, as one callable: from a module's functions or from a graph."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Protocol

import numpy as np

from relume import methods, render
from relume.arrays import Map, Picture, Rgb
from relume.card import Card, settle
from relume.errors import ContractError, WeightsError
from relume.render import Curve, Rendering
from relume.render.bands import for_each
from relume.runtime import fit, weights
from relume.runtime.engines import Graph, check, open_graph

Knobs = Mapping[str, float]


class Method(Protocol):
    """A callable from picture to picture of the same type and size, with its card."""

    @property
    def card(self) -> Card: ...

    def __call__(self, image: Picture, /, **knobs: float) -> Picture:
        """Enhance (H, W) or (H, W, 3); uint8, uint16 or float32 in [0, 1].

        Raises: ContractError for another array or a knob out of range; UnknownNameError for a
        knob the card lacks.
        """
        ...

    def maps(self, image: Picture, /, **knobs: float) -> dict[str, Map]:
        """Return the intermediate results by name, at the size they are computed."""
        ...

    def apply(self, picture: Picture, *, knobs: Knobs, strength: float) -> Picture:
        """Enhance with settled knobs and move only `strength` of the way to the result."""
        ...


class ModuleMethod:
    """A classical method: a module with a card and `estimate` or `enhance`."""

    def __init__(self, module: ModuleType) -> None:
        self.card: Card = module.CARD
        self._module = module

    def __call__(self, image: Picture, /, **knobs: float) -> Picture:
        return self.apply(image, knobs=settle(self.card, knobs), strength=1.0)

    def maps(self, image: Picture, /, **knobs: float) -> dict[str, Map]:
        fit.check_picture(image)
        if not hasattr(self._module, "estimate"):
            return {}
        rendering = self._module.estimate(image, **settle(self.card, knobs))
        return {
            name: values
            for name, values in vars(rendering).items()
            if isinstance(values, np.ndarray)
        }

    def apply(self, picture: Picture, *, knobs: Knobs, strength: float) -> Picture:
        fit.check_picture(picture)
        if hasattr(self._module, "estimate"):
            rendering: Rendering = self._module.estimate(picture, **knobs)
            return render.apply(rendering, picture, strength=strength)
        return fit.run_in_tiles(
            lambda image: self._module.enhance(image, **knobs),
            picture,
            card=self.card,
            strength=strength,
        )


class GraphMethod:
    """A neural method: a graph that holds the whole method, run by an engine.

    Input `image` (1, 3, H, W) in [0, 1] and one 0-d input per knob of the graph; output
    `enhanced` (1, 3, H, W) and any named maps.
    """

    def __init__(self, graph: Graph, card: Card, *, threads: int | None = None) -> None:
        self.card = card
        self._graph = graph
        self._threads = threads
        if "image" not in graph.inputs or "enhanced" not in graph.outputs:
            raise WeightsError(
                f"{card.name}: a model needs an input 'image' and an output 'enhanced', this one "
                f"has {', '.join(graph.inputs)} and {', '.join(graph.outputs)}"
            )
        if card.estimate is not None and card.estimate.renders not in graph.outputs:
            raise WeightsError(f"{card.name}: the model lacks its output '{card.estimate.renders}'")

    def __call__(self, image: Picture, /, **knobs: float) -> Picture:
        return self.apply(image, knobs=settle(self.card, knobs), strength=1.0)

    def maps(self, image: Picture, /, **knobs: float) -> dict[str, Map]:
        fit.check_picture(image)
        settled = settle(self.card, knobs)
        small, _ = self._reduced(image, self._scale(settled))
        return {
            name: self._run(small, name, settled)
            for name in self._graph.outputs
            if name != "enhanced"
        }

    def apply(self, picture: Picture, *, knobs: Knobs, strength: float) -> Picture:
        fit.check_picture(picture)
        if self._scale(knobs) > 1:
            curve = self.estimate(picture, knobs=knobs)
            return render.apply(curve, picture, strength=strength, threads=self._threads)
        return fit.run_in_tiles(
            lambda image: self._run(image, "enhanced", knobs),
            picture,
            card=self.card,
            strength=strength,
            threads=self._threads,
        )

    def estimate(self, picture: Picture, *, knobs: Knobs) -> Curve:
        """Run the network on the reduced picture and lay its map over the full one."""
        how = self.card.estimate
        if how is None:
            raise ContractError(f"{self.card.name} has no map to render at another size")
        small, covered = self._reduced(picture, self._scale(knobs))
        found = np.empty((*small.shape[:2], 3), np.float32)

        def fill(tile: fit.Tile) -> None:
            found[tile.inner] = self._run(small[tile.outer], how.renders, knobs)[tile.crop]

        reach = self.card.reach
        side = max(small.shape) if reach is None else fit.side_of_tile(self.card)
        pieces = fit.tiles(*small.shape[:2], side=side, halo=reach or 0)
        for_each(fill, pieces, threads=self._threads)
        lay = render.cornered if how.aligns_corners else render.centred
        return Curve(found, how.iterations, lay((small.shape[0], small.shape[1]), covered))

    def _reduced(self, picture: Picture, scale: int) -> tuple[Rgb, tuple[int, int]]:
        """Reduce a picture as the card says, and return the full size that the result covers."""
        how = self.card.estimate
        if how is not None and how.reduction == "area":
            full = (picture.shape[0], picture.shape[1])
            height, width = (-(-size // scale) for size in full)
            return render.reduce(picture, height=height, width=width, how="area"), full
        small = fit.reduce_by(picture, scale)
        return small, (small.shape[0] * scale, small.shape[1] * scale)

    def _scale(self, knobs: Knobs) -> int:
        return int(knobs[self.card.estimate.scale_knob]) if self.card.estimate else 1

    def _run(self, image: Rgb, output: str, knobs: Knobs) -> Rgb:
        """(H, W, 3) → the named output as (H, W, C)."""
        feeds = {
            name: np.asarray(value, np.float32)  # scalars of a graph are 0-d arrays
            for name, value in knobs.items()
            if name in self._graph.inputs
        }
        feeds["image"] = np.ascontiguousarray(image.transpose(2, 0, 1)[None])
        return self._graph.run(feeds, [output])[0][0].transpose(1, 2, 0)


def load(name: str, *, engine: str = "auto", threads: int | None = None) -> Method:
    """Return a method by its name, or from a model file (`….onnx`) that holds its card.

    Raises: UnknownNameError for a method or engine nothing answers to; WeightsError for weights
    that are absent, damaged or without a card.
    """
    check(engine)
    if name.lower().endswith(".onnx"):
        return _graph_method(weights.read_model(Path(name)), name, engine, threads)
    module = methods.module(name)
    card: Card = module.CARD
    if card.kind == "classical":
        return ModuleMethod(module)
    data = weights.read_published(name, f"{card.weights[0].name}.onnx")
    return _graph_method(data, name, engine, threads)


def _graph_method(data: bytes, where: str, engine: str, threads: int | None) -> GraphMethod:
    """Open a model with its card, tiles side by side or the whole picture on all threads."""
    graph = open_graph(data, engine=engine, threads=1)
    card = weights.card_of(graph, where=where)
    if card.reach is None:
        graph = open_graph(data, engine=engine, threads=threads)
    return GraphMethod(graph, card, threads=threads)
