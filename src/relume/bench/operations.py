"""How many operations a network takes for a picture, counted on its graph.

A convolution or matrix product counts 2 for each multiplication with its addition; any other
operator that computes counts 1 for each value it returns, one that only moves values 0.
"""

from __future__ import annotations

from math import prod, sqrt
from pathlib import Path
from typing import Any

import numpy as np

from relume.card import Card
from relume.errors import MissingExtraError
from relume.extras import need
from relume.runtime import weights
from relume.runtime.weights import MODELS

_MOVING = frozenset(
    [
        *("Cast", "Concat", "Constant", "ConstantOfShape", "DepthToSpace", "DequantizeLinear"),
        *("Expand", "Flatten", "Gather", "Identity", "Pad", "QuantizeLinear", "Range", "Reshape"),
        *("ScatterND", "Shape", "Slice", "SpaceToDepth", "Split", "Squeeze", "Tile", "Transpose"),
        "Unsqueeze",
    ]
)
_ROUNDS = 64
"""Sizes may depend on sizes so often, one after the other, before they count as unknown."""


def count(name: str, card: Card, width: int, height: int) -> float | None:
    """Return the operations of a method or model file for a picture of this size.

    None where the package onnx, which reads graphs, is absent, or where a size in the graph is not
    known before it is run.
    """
    if name.lower().endswith(".onnx"):
        content = weights.read_model(Path(name))
    elif name.lower().endswith(MODELS):
        return None
    else:
        content = weights.read_published(name, f"{card.weights[0].name}.onnx")
    try:
        onnx: Any = need("onnx", extra="train")
    except MissingExtraError:
        return None
    model = onnx.load_model_from_string(content)
    rows, columns = _seen(card, width, height)
    dims = model.graph.input[0].type.tensor_type.shape.dim
    for axis, length in {0: 1, 2: rows, 3: columns}.items():
        dims[axis].dim_value = length
    for value in model.graph.output:
        value.type.tensor_type.ClearField("shape")
    return count_graph(with_sizes(model))


def with_sizes(model: Any) -> Any:
    """Return the graph of a model with the sizes of its values, as far as they can be known.

    What is computed from sizes is computed here and kept as a constant, again and again.
    """
    onnx: Any = need("onnx", extra="train")
    reference: Any = need("onnx.reference", extra="train")
    for _ in range(_ROUNDS):
        del model.graph.value_info[:]
        model = onnx.shape_inference.infer_shapes(model)
        shapes = _shapes(model.graph)
        known = {
            each.name: onnx.numpy_helper.to_array(each)
            for each in model.graph.initializer
            if each.data_type != onnx.TensorProto.FLOAT
        }
        there = set(known)
        kept: list[Any] = []
        for node in model.graph.node:
            name, ends = node.output[0], [each for each in node.input if each]
            feeds = {each: known[each] for each in ends if each in known}
            if node.op_type == "Shape" and ends[0] in shapes:
                feeds = {ends[0]: np.broadcast_to(np.float32(0), shapes[ends[0]])}
            if ends and len(node.output) == 1 and len(feeds) == len(set(ends)):
                known[name] = reference.ReferenceEvaluator(node).run(None, feeds)[0]
            else:
                kept.append(node)
        if len(known) == len(there):
            return model.graph
        del model.graph.node[:]
        model.graph.node.extend(kept)
        model.graph.initializer.extend(
            onnx.numpy_helper.from_array(np.asarray(known[name]), name)
            for name in known
            if name not in there
        )
    return model.graph


def count_graph(graph: Any) -> float | None:
    """Return the operations of a graph whose sizes are known, else None."""
    shapes = _shapes(graph)
    total = 0
    for node in graph.node:
        if node.op_type in _MOVING:
            continue
        names = [*node.input[:2], *node.output[:1]]
        if any(name and name not in shapes for name in names):
            return None
        total += _operations(node, [shapes.get(name, ()) for name in names])
    return float(total)


def _shapes(graph: Any) -> dict[str, tuple[int, ...]]:
    shapes: dict[str, tuple[int, ...]] = {each.name: tuple(each.dims) for each in graph.initializer}
    for value in (*graph.input, *graph.output, *graph.value_info):
        kind = value.type.tensor_type
        if kind.HasField("shape") and all(dim.HasField("dim_value") for dim in kind.shape.dim):
            shapes[value.name] = tuple(dim.dim_value for dim in kind.shape.dim)
    return shapes


def _operations(node: Any, shapes: list[tuple[int, ...]]) -> int:
    first, given = shapes[0], shapes[-1]
    match node.op_type:
        case "Conv":
            return 2 * prod(given) * prod(shapes[1][1:])
        case "ConvTranspose":
            return 2 * prod(first) * prod(shapes[1][1:])
        case "MatMul":
            return 2 * prod(given) * first[-1]
        case "Gemm":
            flipped = any(each.name == "transA" and each.i for each in node.attribute)
            return 2 * prod(given) * first[0 if flipped else 1]
        case _:
            return prod(given)


def _seen(card: Card, width: int, height: int) -> tuple[int, int]:
    """Return the height and width at which the network works on a picture."""
    rows, columns = height, width
    if card.estimate is not None:
        scale = {knob.name: int(knob.default) for knob in card.knobs}[card.estimate.scale_knob]
        rows, columns = -(-rows // scale), -(-columns // scale)
    elif card.most_pixels is not None and rows * columns > card.most_pixels:
        share = sqrt(card.most_pixels / (rows * columns))
        rows, columns = round(rows * share), round(columns * share)
    step = card.multiple_of
    return -(-rows // step) * step, -(-columns // step) * step
