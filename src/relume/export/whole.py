"""The whole of a method whose network draws a curve small: reduction and enlargement in the graph.

relume runs such a network on a picture it has reduced, and renders the curve over the full one in
one pass. A file that leaves relume does it all by itself, with the factor as an input:

    image, scale → extended to multiples of scale → reduced bilinearly → network → curve
    curve → enlarged, corners on corners → cut to the image → x ← x + a·x·(1 − x), again and again
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import onnx
import torch
from onnx import helper, numpy_helper
from onnx.utils import Extractor
from torch import Tensor

from relume.arrays import Floats
from relume.card import Estimate
from relume.errors import ContractError
from relume.export.agreement import Feeds, Run
from relume.export.graphs import facts, parse, state
from relume.export.onnx import runner
from relume.export.source import Source


def as_whole(source: Source) -> Source:
    """Return a source whose graph is the whole method; the same one where it is already.

    Raises: ContractError for a map that is reduced or laid over the picture in another way.
    """
    how = source.card.estimate
    if how is None or how.scale_knob in source.face.inputs:
        return source
    if how.reduction != "bilinear" or not how.aligns_corners:
        raise ContractError(
            f"{source.card.name}: only the map of a bilinear reduction, corners on corners, can be "
            "put into a graph"
        )
    knob = next(knob for knob in source.card.knobs if knob.name == how.scale_knob)

    @cache
    def to_onnx(opset: int) -> bytes:
        return _whole(source.to_onnx(opset), how)

    return replace(
        source,
        face=replace(source.face, knobs=(*source.face.knobs, knob)),
        expected=runner(to_onnx(source.opset)) if source.network is None else _run_of(source, how),
        to_onnx=to_onnx,
    )


def _run_of(source: Source, how: Estimate) -> Run:
    """Return what runs the network in torch, which reduces and enlarges by itself."""
    network: Any = source.network

    def run(feeds: Feeds) -> list[Floats]:
        image = torch.from_numpy(np.array(feeds["image"], np.float32))
        with torch.no_grad():
            results: Sequence[Tensor] = network(image, int(feeds[how.scale_knob]))
        return [result.numpy() for result in results]

    return run


def _whole(content: bytes, how: Estimate) -> bytes:
    """Put reduction, enlargement and curve around a graph from image to enhanced and its map."""
    model = parse(content, where="the model")
    outputs = {value.name: value for value in model.graph.output}
    if set(outputs) != {"enhanced", how.renders}:
        raise ContractError(f"a graph with outputs {', '.join(outputs)} cannot be made whole")
    small: Any = Extractor(model).extract_model(["image"], [how.renders])
    inner = {"image": "whole.reduced", how.renders: "whole.map"}
    for node in small.graph.node:
        for names in (node.input, node.output):
            names[:] = [inner.get(name, name) for name in names]
    before, after = _Nodes(), _Nodes()
    _reduce(before, how.scale_knob)
    _render(after, how)
    scale = helper.make_tensor_value_info(how.scale_knob, onnx.TensorProto.FLOAT, [])
    graph = helper.make_graph(
        [*before.nodes, *small.graph.node, *after.nodes],
        model.graph.name,
        [model.graph.input[0], scale],
        list(outputs.values()),
        [*small.graph.initializer, *before.constants, *after.constants],
    )
    whole = helper.make_model(graph, opset_imports=model.opset_import, ir_version=model.ir_version)
    whole.producer_name = "relume"
    state(whole, facts(model))
    onnx.checker.check_model(whole)
    return whole.SerializeToString(deterministic=True)


class _Nodes:
    """Nodes in order and the constants they read."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def add(self, kind: str, inputs: Sequence[str], output: str, **attributes: Any) -> str:
        self.nodes.append(helper.make_node(kind, list(inputs), [output], **attributes))
        return output

    def constant(self, values: Any, name: str) -> str:
        self.constants.append(numpy_helper.from_array(np.asarray(values), name))
        return name


def _reduce(made: _Nodes, scale: str) -> None:
    """From `image` and the factor to `whole.reduced`, and the sizes that enlarging will want."""

    def whole(kind: str, *inputs: str, name: str, **attributes: Any) -> str:
        return made.add(kind, inputs, f"whole.{name}", **attributes)

    one = made.constant(np.array([1], np.int64), "whole.one")
    least = made.constant(np.array(1, np.float32), "whole.least")
    two = made.constant(np.array([2], np.int64), "whole.two")
    four = made.constant(np.array([4], np.int64), "whole.four")
    zero = made.constant(np.array([0], np.int64), "whole.zero")
    begins = made.constant(np.zeros(6, np.int64), "whole.begins")
    rounded = whole("Round", whole("Max", scale, least, name="factor.least"), name="factor.round")
    whole("Cast", rounded, name="factor.whole", to=onnx.TensorProto.INT64)
    factor = whole("Reshape", "whole.factor.whole", one, name="factor")
    shape = whole("Shape", "image", name="shape")
    outer = whole("Slice", shape, zero, two, name="outer")
    size = whole("Slice", shape, two, four, name="size")
    over = whole("Sub", whole("Add", size, factor, name="over.one"), one, name="over")
    few = whole("Div", over, factor, name="few")
    extended = whole("Mul", few, factor, name="extended")
    ends = whole("Sub", extended, size, name="ends")
    pads = whole("Concat", begins, ends, name="pads", axis=0)
    padded = whole("Pad", "image", pads, name="padded", mode="edge")
    sizes = whole("Concat", outer, few, name="sizes.reduced", axis=0)
    whole("Concat", outer, extended, name="sizes.extended", axis=0)
    whole(
        "Resize", padded, "", "", sizes, name="reduced",
        mode="linear", coordinate_transformation_mode="half_pixel",
    )  # fmt: skip


def _render(made: _Nodes, how: Estimate) -> None:
    """From `whole.map` to the map over the whole image, and to `enhanced`."""
    made.add(
        "Resize", ["whole.map", "", "", "whole.sizes.extended"], "whole.enlarged",
        mode="linear", coordinate_transformation_mode="align_corners",
    )  # fmt: skip
    corner = made.constant(np.array([0, 0], np.int64), "whole.corner")
    axes = made.constant(np.array([2, 3], np.int64), "whole.axes")
    made.add("Slice", ["whole.enlarged", corner, "whole.size", axes], how.renders)
    white = made.constant(np.array(1, np.float32), "whole.white")
    image = "image"
    for turn in range(how.iterations):
        rest = made.add("Sub", [white, image], f"whole.rest.{turn}")
        room = made.add("Mul", [image, rest], f"whole.room.{turn}")
        step = made.add("Mul", [how.renders, room], f"whole.step.{turn}")
        last = turn == how.iterations - 1
        image = made.add("Add", [image, step], "enhanced" if last else f"whole.image.{turn}")
