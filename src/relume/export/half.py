"""A model with parameters and products in float16, inputs, outputs and the rest in float32.

Convolutions and matrix products by parameters are done in float16, and operators between them that
only move or compare values carry it on. Sums, powers, logarithms and normalisation stay in float32:
they are a small part of the work and lose most by eleven bits.
"""

from __future__ import annotations

from collections.abc import Collection, Container
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

from relume.arrays import Floats
from relume.export.graphs import (
    PRECISION_KEY,
    WEIGHTED,
    float_values,
    parse,
    state,
    weighted,
)

CARRIERS = (
    "Concat", "DepthToSpace", "Flatten", "Identity", "LeakyRelu", "MaxPool", "Pad", "Relu",
    "Reshape", "Slice", "SpaceToDepth", "Split", "Squeeze", "Transpose", "Unsqueeze",
)  # fmt: skip
"""Operators that return what they were given, or a multiple of it."""

LARGEST = float(np.finfo(np.float16).max)


def to_half(content: bytes) -> bytes:
    """Return the model with products in float16."""
    return _rewrite(content, products=True)


def to_half_storage(content: bytes, *, layers: Collection[str] | None = None) -> bytes:
    """Return the model with parameters kept in float16 and everything computed in float32.

    `layers` are those kept so, by the name of their parameters; None stands for all.
    """
    return _rewrite(content, products=False, layers=layers)


def through_half(values: Floats) -> Floats:
    """Return float32 values as float16 keeps them."""
    return values.clip(-LARGEST, LARGEST).astype(np.float16).astype(np.float32)


def _rewrite(content: bytes, *, products: bool, layers: Collection[str] | None = None) -> bytes:
    model = parse(content, where="the model")
    graph = model.graph
    writer = _Writer(model, floats=float_values(model))
    chosen = {node.name for node in weighted(model) if layers is None or node.input[1] in layers}
    for node in list(graph.node):
        if node.name in chosen and node.op_type in WEIGHTED:
            (writer.in_half if products else writer.from_half)(node)
        elif products and node.op_type in CARRIERS and writer.carries(node):
            writer.in_half(node)
        else:
            writer.in_full(node)
    writer.close()
    state(model, {PRECISION_KEY: "fp16"})
    onnx.checker.check_model(model)
    return model.SerializeToString(deterministic=True)


class _Writer:
    """Writes the nodes anew; a value `x` in float16 is called `x.half`."""

    def __init__(self, model: Any, *, floats: Container[str]) -> None:
        self._graph = model.graph
        self._floats = floats
        self._initial = {tensor.name: tensor for tensor in model.graph.initializer}
        self._full = {*self._initial, *(value.name for value in model.graph.input)}
        self._half: set[str] = set()
        self._nodes: list[Any] = []

    def carries(self, node: Any) -> bool:
        """Tell whether what a node moves is in float16 already."""
        moved = [name for name in node.input if name in self._floats]
        return bool(moved) and all(
            name in self._half or (name in self._initial and place > 0)
            for place, name in enumerate(moved)
        )

    def in_half(self, node: Any) -> None:
        for place, name in enumerate(node.input):
            if name in self._floats:
                node.input[place] = self._as_half(name)
        for place, name in enumerate(node.output):
            if name:
                node.output[place] = f"{name}.half"
                self._half.add(name)
        self._nodes.append(node)

    def from_half(self, node: Any) -> None:
        """Compute in float32 with parameters that are kept in float16."""
        for name in node.input:
            if name in self._initial and name in self._floats:
                self._full.discard(name)
                self._keep_half(name)
                del self._initial[name]
        self.in_full(node)

    def in_full(self, node: Any) -> None:
        inside = [
            name
            for attribute in node.attribute
            for body in (attribute.g, *attribute.graphs)
            for inner in body.node
            for name in inner.input
        ]
        for name in (*node.input, *inside):
            self._as_full(name)
        self._full.update(node.output)
        self._nodes.append(node)

    def close(self) -> None:
        """Give the outputs back in float32 and drop the parameters nothing uses any more."""
        for value in self._graph.output:
            self._as_full(value.name)
        used = {name for node in self._nodes for name in node.input}
        kept = [each for each in self._initial.values() if each.name in used]
        del self._graph.node[:], self._graph.initializer[:], self._graph.value_info[:]
        self._graph.node.extend(self._nodes)
        self._graph.initializer.extend(kept)

    def _as_half(self, name: str) -> str:
        if name not in self._half:
            if name in self._initial:
                self._keep_half(name)
            else:
                half, kind = f"{name}.half", onnx.TensorProto.FLOAT16
                self._nodes.append(helper.make_node("Cast", [name], [half], to=kind))
            self._half.add(name)
        return f"{name}.half"

    def _keep_half(self, name: str) -> None:
        values = numpy_helper.to_array(self._initial[name]).clip(-LARGEST, LARGEST)
        half = numpy_helper.from_array(values.astype(np.float16), f"{name}.half")
        self._initial[half.name] = half
        self._half.add(name)

    def _as_full(self, name: str) -> None:
        if name in self._half and name not in self._full:
            half, kind = f"{name}.half", onnx.TensorProto.FLOAT
            self._nodes.append(helper.make_node("Cast", [half], [name], to=kind))
            self._full.add(name)
