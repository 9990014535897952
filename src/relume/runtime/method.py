"""Anything that brightens, as one callable: from a module's functions or from a graph."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Protocol

import numpy as np

from relume import engines, methods, render
from relume.arrays import Map, Picture, Rgb
from relume.card import Card, settle, with_built
from relume.colour import decode_srgb, encode_srgb
from relume.engines import Graph
from relume.engines.measured import settled
from relume.errors import ContractError, WeightsError
from relume.looks import lines
from relume.looks.look import LINE, Look, check, painted, placed, taken
from relume.render import Curve, Rendering
from relume.runtime import variants, weights
from relume.runtime.foreign import Description
from relume.runtime.lift_method import LiftMethod, parts
from relume.runtime.variants import Precision
from relume.tiles import bounded, cutter, fit

Knobs = Mapping[str, float]
NOTHING: Knobs = {}
Work = Callable[[Picture, Knobs, float], Picture]
"""Picture, settled knobs and strength → the result at full size."""


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

    def look(self, picture: Picture, /, **knobs: float) -> Look:
        """Return what the method sees of a picture, small, so that it can be kept and painted."""
        ...

    def paint(
        self, look: Look, picture: Picture, /, *, strength: float = 1.0, out: Picture | None = None
    ) -> Picture:
        """Paint a look of this method over a picture: that of which it was taken, or another.

        `method(x, **knobs)` is `method.paint(method.look(x, **knobs), x)`. `out` receives the
        result; it may be the picture.

        Raises: ContractError for a look of another method or of other weights.
        """
        ...


class ModuleMethod:
    """A classical method: a module with a card and `estimate` or `enhance`."""

    def __init__(self, module: ModuleType) -> None:
        self.card: Card = module.CARD
        self._module = module

    def __call__(self, image: Picture, /, **knobs: float) -> Picture:
        return self.apply(image, knobs=settle(self.card, knobs), strength=1.0)

    def maps(self, image: Picture, /, **knobs: float) -> dict[str, Map]:
        if not hasattr(self._module, "estimate"):
            return {}
        seen = self.look(image, **knobs).maps
        return {name: np.asarray(seen[name], np.float32) for name in seen if "." not in name}

    def apply(self, picture: Picture, *, knobs: Knobs, strength: float) -> Picture:
        fit.check_picture(picture)
        if hasattr(self._module, "estimate"):
            rendering: Rendering = self._module.estimate(picture, **knobs)
            return render.apply(rendering, picture, strength=strength)
        return self._enhance(picture, knobs, strength)

    def look(self, picture: Picture, /, **knobs: float) -> Look:
        fit.check_picture(picture)
        settled = settle(self.card, knobs)
        if hasattr(self._module, "estimate"):
            rendering: Rendering = self._module.estimate(picture, **settled)
            return taken(self.card, (picture.shape[0], picture.shape[1]), rendering)
        return _lines(self._enhance, picture, self.card, settled)

    def paint(
        self, look: Look, picture: Picture, /, *, strength: float = 1.0, out: Picture | None = None
    ) -> Picture:
        fit.check_picture(picture)
        return _painted(look, self._enhance, picture, self.card, strength=strength, out=out)

    def _enhance(self, picture: Picture, knobs: Knobs, strength: float) -> Picture:
        return bounded.run(
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

    def __init__(
        self, graph: Graph, card: Card, *, threads: int | None = None, memory: int = cutter.MEMORY
    ) -> None:
        self.card = card
        self._graph = graph
        self._threads = threads
        self._side = cutter.side_of_tile(card, memory=memory)
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
        names = [name for name in self._graph.outputs if name != "enhanced"]
        if not names:  # an engine takes no names as all of them
            return {}
        if self._scale(settled) > 1:
            image, _ = self._reduced(image, self._scale(settled))
        elif bounded.exceeds(self.card, (image.shape[0], image.shape[1])):
            image = bounded.reduced(image, card=self.card)
        return self._map(image, names, settled)

    def apply(self, picture: Picture, *, knobs: Knobs, strength: float) -> Picture:
        fit.check_picture(picture)
        if self._scale(knobs) > 1:
            curve = self.estimate(picture, knobs=knobs)
            return render.apply(curve, picture, strength=strength, threads=self._threads)
        return self._whole(picture, knobs, strength)

    def look(self, picture: Picture, /, **knobs: float) -> Look:
        fit.check_picture(picture)
        settled, size = settle(self.card, knobs), (picture.shape[0], picture.shape[1])
        if self._scale(settled) > 1:
            return taken(self.card, size, self.estimate(picture, knobs=settled))
        if bounded.exceeds(self.card, size):
            found = bounded.seen(lambda low: self._enhance(low, settled), picture, card=self.card)
            return taken(self.card, size, found)
        return _lines(self._whole, picture, self.card, settled)

    def paint(
        self, look: Look, picture: Picture, /, *, strength: float = 1.0, out: Picture | None = None
    ) -> Picture:
        fit.check_picture(picture)
        return _painted(
            look, self._whole, picture, self.card,
            strength=strength, out=out, threads=self._threads,
        )  # fmt: skip

    def _whole(self, picture: Picture, knobs: Knobs, strength: float) -> Picture:
        return bounded.run(
            lambda image: self._enhance(image, knobs),
            picture,
            card=self.card,
            strength=strength,
            side=self._side,
            threads=self._threads,
        )

    def estimate(self, picture: Picture, *, knobs: Knobs) -> Curve:
        """Run the network on the reduced picture and lay its map over the full one."""
        how = self.card.estimate
        if how is None:
            raise ContractError(f"{self.card.name} has no map to render at another size")
        small, covered = self._reduced(picture, self._scale(knobs))
        found = self._map(small, [how.renders], knobs)[how.renders]
        lay = render.cornered if how.aligns_corners else render.centred
        return Curve(found, how.iterations, lay((small.shape[0], small.shape[1]), covered))

    def _reduced(self, picture: Picture, scale: int) -> tuple[Rgb, tuple[int, int]]:
        """Reduce a picture as the card says, and return the full size that the result covers."""
        how = self.card.estimate
        if how is not None and how.reduction == "area":
            full = (picture.shape[0], picture.shape[1])
            height, width = (-(-size // scale) for size in full)
            return render.reduce(picture, height=height, width=width), full
        small = fit.reduce_by(picture, scale)
        return small, (small.shape[0] * scale, small.shape[1] * scale)

    def _scale(self, knobs: Knobs) -> int:
        return int(knobs[self.card.estimate.scale_knob]) if self.card.estimate else 1

    def _map(self, picture: Picture, names: Sequence[str], knobs: Knobs) -> dict[str, Map]:
        """Compute named outputs at the size of a picture, in tiles where the card has a reach."""
        return fit.map_in_tiles(
            lambda low: dict(zip(names, self._run(low, names, knobs), strict=True)),
            picture,
            card=self.card,
            side=self._side,
            threads=self._threads,
        )

    def _enhance(self, image: Rgb, knobs: Knobs) -> Rgb:
        """Run the graph on an sRGB-encoded piece and return one."""
        (enhanced,) = self._run(image, ["enhanced"], knobs)
        if self.card.output == "linear":
            return encode_srgb(np.clip(enhanced, 0.0, 1.0))
        return enhanced

    def _run(self, image: Rgb, outputs: Sequence[str], knobs: Knobs) -> list[Map]:
        """(H, W, 3), sRGB-encoded → the named outputs as (H, W, C)."""
        if self.card.input == "linear":
            image = decode_srgb(image)
        feeds = {
            name: np.asarray(value, np.float32)  # scalars of a graph are 0-d arrays
            for name, value in knobs.items()
            if name in self._graph.inputs
        }
        if self.card.estimate is not None and self.card.estimate.scale_knob in feeds:
            # A graph that would reduce by itself: the picture is reduced already.
            feeds[self.card.estimate.scale_knob] = np.asarray(1.0, np.float32)
        feeds["image"] = np.ascontiguousarray(image.transpose(2, 0, 1)[None])
        return [found[0].transpose(1, 2, 0) for found in self._graph.run(feeds, outputs)]


def _lines(work: Work, picture: Picture, card: Card, knobs: Knobs) -> Look:
    return lines.seen(lambda low: work(low, knobs, 1.0), picture, card=card, knobs=knobs)


def _painted(
    look: Look,
    work: Work,
    picture: Picture,
    card: Card,
    *,
    strength: float,
    out: Picture | None,
    threads: int | None = None,
) -> Picture:
    """Paint a look by its rendering, or by running the network where it has none."""
    if look.kind != LINE:
        return painted(look, picture, card=card, strength=strength, out=out, threads=threads)
    check(look, card)
    knobs = lines.knobs_of(look)
    own = _lines(work, picture, card, knobs)
    result = lines.moved(look, own, picture, work(picture, knobs, strength), strength=strength)
    return placed(result, out)


def load(
    name: str,
    *,
    engine: str = engines.AUTO,
    threads: int | None = None,
    memory: int = cutter.MEMORY,
    description: Description | None = None,
    precision: Precision = "fp32",
    built: Mapping[str, float] = NOTHING,
) -> Method:
    """Return a method by its name, or from a model file (`….onnx`, OpenVINO's `….xml`).

    The file holds its card, or `description` says what it wants. `memory` is what one tile of a
    network may take, in bytes. `precision` chooses among published weights. `built` are values of
    the card's knobs of that name: where they are not the defaults, the graph is made first, once.
    Raises: UnknownNameError for a method or engine nothing answers to; WeightsError for weights
    that are absent, damaged or without a card; ContractError for a description of what has a card;
    MissingExtraError for an engine that is not installed.
    """
    engines.check(engine)
    known: Card | None = None  # a model file says itself what it is
    if name.lower().endswith(weights.MODELS):
        if precision != "fp32":
            raise ContractError(f"{name}: a model file has the precision it was exported in")
        data = weights.read_model(Path(name))
        if name.lower().endswith(".xml"):
            engine = "openvino" if engine == engines.AUTO else engine
    elif description is not None:
        raise ContractError(f"{name} has a card: only a model file without one is described")
    else:
        weights.refuse_other(name)
        module = methods.module(name)
        known = methods.card(name)
        if known.kind == "classical":
            if precision != "fp32":
                raise ContractError(f"{name} is no network: it has no precision to choose")
            return ModuleMethod(module)
        other = variants.other_than_shipped(known, built)
        if other and precision != "fp32":
            raise ContractError(f"{name}: another graph than the shipped one comes in fp32 only")
        if other:
            data = variants.read_built(name, known.weights[0].name, other)
        else:
            data = variants.read(name, known.weights[0].name, precision)
        known = with_built(known, other)

    chosen = settled(engine, data)

    def opened(card: Card | None) -> tuple[Graph, Card]:
        together = threads if card is not None and _runs_whole(card) else 1
        graph = engines.open_graph(
            data, engine=chosen, threads=together, where=name, published=known is not None
        )
        graph, inside = weights.with_card(graph, where=name, description=description)
        return graph, replace(inside, built=known.built) if known is not None else inside

    graph, card = opened(known)
    if known is None and _runs_whole(card):
        graph, card = opened(card)
    if card.input == "mosaic":
        from relume.runtime.mosaic_method import MosaicMethod  # what it needs takes time to load

        return MosaicMethod(graph, card)
    if card.lifting is not None:
        # An engine that was measured to be faster was compared with another one, not with these.
        published = known is not None
        here = parts(data, card, published=published) if engine == engines.AUTO else None
        return LiftMethod(graph, card, parts=here, threads=threads, memory=memory)
    return GraphMethod(graph, card, threads=threads, memory=memory)


def _runs_whole(card: Card) -> bool:
    """Say whether one run is given all threads; else tiles run side by side, one thread each."""
    return card.lifting is None and (card.reach is None or card.input == "mosaic")
