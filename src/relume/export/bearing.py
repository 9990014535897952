"""Which layers bear rounding: as many as a tolerance allows, by what each does alone."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, Protocol, TypeAlias

import numpy as np
import onnx
from onnx import helper, numpy_helper

from relume.arrays import Floats
from relume.export.agreement import Feeds, Run
from relume.export.graphs import float_values, parse, weighted
from relume.export.saying import Say, silent, telling
from relume.export.sessions import open_session

Error: TypeAlias = Callable[[Collection[str]], float]
"""Layers to round → the largest difference that makes."""
Rounding: TypeAlias = Callable[[Collection[str]], Run]
"""Layers to round → what runs the model so."""
Ranges: TypeAlias = Mapping[str, tuple[float, float]]


class RoundOff(Protocol):
    """Rounds parameters; `axis` is that of their output channels."""

    def __call__(self, values: Floats, *, axis: int) -> Floats: ...


def layers_that_bear(
    sizes: Mapping[str, int], *, alone: Error, together: Error, tolerance: float, say: Say = silent
) -> frozenset[str]:
    """Return layers that may be rounded together within a tolerance; `sizes` are their parameters.

    All of them, where that holds. Else each is measured alone, and they are taken in the order of
    error² per parameter, as errors that do not know of each other add up in squares, up to the last
    at which it holds.
    """
    if together(sizes) <= tolerance:
        return frozenset(sizes)
    errors = {name: alone((name,)) for name in telling(list(sizes), say, "searching", "layer")}
    ordered = sorted(sizes, key=lambda name: errors[name] ** 2 / sizes[name])
    holds, fails = 0, len(ordered)
    while fails - holds > 1:
        middle = (holds + fails) // 2
        if together(ordered[:middle]) <= tolerance:  # NaN does not hold
            holds = middle
        else:
            fails = middle
    return frozenset(ordered[:holds])


def sizes_of(content: bytes) -> dict[str, int]:
    """Return how many numbers the layers of a model hold, by the name of their parameters: a layer
    that is used again and again counts once."""
    model = parse(content, where="the model")
    held = {each.name: int(np.prod(each.dims)) for each in model.graph.initializer}
    return {node.input[1]: held[node.input[1]] for node in weighted(model)}


def runner_of_rounded(
    content: bytes, round_off: RoundOff, *, ranges: Ranges | None = None
) -> Rounding:
    """Return what runs a model with some of its layers rounded.

    Their parameters are rounded off, and with `ranges` the values that have one, next to them, take
    256 levels. There is one session for all: parameters and switches are inputs of it that need not
    be given.
    """
    model = parse(content, where="the model")
    floats = float_values(model)
    held = {each.name: each for each in model.graph.initializer if each.name in floats}
    given: dict[str, dict[str, Any]] = {}
    for node in weighted(model):
        layer = node.input[1]
        if layer in given:
            continue
        given[layer] = {_switch(layer): np.array(True)}
        for name in node.input[1:]:
            if name in held:
                axis = axis_of_channels(node) if name == layer else 0
                given[layer][name] = round_off(numpy_helper.to_array(held[name]), axis=axis)
    for name in dict.fromkeys(name for parts in given.values() for name in parts):
        if name in held:
            shape, kind = held[name].dims, held[name].data_type
        else:
            shape, kind = (), onnx.TensorProto.BOOL
            model.graph.initializer.append(helper.make_tensor(name, kind, (), [False]))
        model.graph.input.append(helper.make_tensor_value_info(name, kind, shape))
    _round_values(model, ranges or {})
    session = open_session(model.SerializeToString())  # its parameters may change, which is meant

    def rounding(layers: Collection[str]) -> Run:
        changed = {name: value for layer in layers for name, value in given[layer].items()}

        def run(feeds: Feeds) -> list[Floats]:
            return session.run(None, {**feeds, **changed})

        return run

    return rounding


def _switch(layer: str) -> str:
    return f"{layer}.rounded"


def axis_of_channels(node: Any) -> int:
    """Return the axis of a layer's parameters that its output channels lie on."""
    if node.op_type == "Gemm":
        transposed = any(each.name == "transB" and each.i for each in node.attribute)
        return 0 if transposed else 1
    return 0 if node.op_type == "Conv" else 1


def _round_values(model: Any, ranges: Ranges) -> None:
    """Let what goes into layers and comes out take 256 levels where their switch is on."""
    layers = {node.name for node in weighted(model)}
    nodes: list[Any] = []

    def levels(name: str, result: str, place: str, layer: str) -> None:
        low, high = ranges[place]
        step = max((high - low) / 255, 1e-12)
        zero = min(255, max(0, round(-low / step)))
        for part, value, kind in (("step", step, np.float32), ("zero", zero, np.uint8)):
            tensor = numpy_helper.from_array(np.array(value, kind), f"{result}.{part}")
            model.graph.initializer.append(tensor)
        scale = [f"{result}.step", f"{result}.zero"]
        nodes.extend(
            (
                helper.make_node("QuantizeLinear", [name, *scale], [f"{result}.byte"]),
                helper.make_node("DequantizeLinear", [f"{result}.byte", *scale], [f"{result}.all"]),
                helper.make_node("Where", [_switch(layer), f"{result}.all", name], [result]),
            )
        )

    for number, node in enumerate(model.graph.node):
        if node.name not in layers:
            nodes.append(node)
            continue
        layer, before, after = node.input[1], node.input[0], node.output[0]
        if before in ranges:
            node.input[0] = f"{before}.{number}"
            levels(before, node.input[0], before, layer)
        if after in ranges:
            node.output[0] = f"{after}.exact"
        nodes.append(node)
        if after in ranges:
            levels(node.output[0], after, after, layer)
    kept = [onnx.NodeProto.FromString(node.SerializeToString()) for node in nodes]
    del model.graph.node[:]
    model.graph.node.extend(kept)
