"""The nodes and parameters of a model file, for whoever runs parts of it by other means.

onnx.proto: GraphProto.node = 1, .initializer = 5; NodeProto.input = 1, .output = 2, .op_type = 4,
.attribute = 5; AttributeProto.name = 1, .f = 2, .i = 3, .s = 4, .t = 5, .ints = 8, .type = 20;
TensorProto.dims = 1, .data_type = 2, .float_data = 4, .int64_data = 7, .name = 8, .raw_data = 9.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from math import prod
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from relume.engines.messages import by_number, contents, integers
from relume.errors import WeightsError
from relume.frozen import frozen

Value: TypeAlias = float | int | str | tuple[int, ...] | NDArray[Any]

_TYPES = {1: np.dtype("<f4"), 6: np.dtype("<i4"), 7: np.dtype("<i8"), 9: np.dtype(np.bool_)}
"""TensorProto.DataType → what such numbers are."""
_FLOAT, _INT, _STRING, _TENSOR, _INTS = 1, 2, 3, 4, 7
"""AttributeProto.AttributeType."""


@frozen
class Node:
    """One operation of a graph."""

    operation: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, Value]


@frozen
class Nodes:
    """What a graph computes, in the order of computation, and from which parameters."""

    nodes: tuple[Node, ...]
    constants: Mapping[str, NDArray[Any]]

    def producers(self) -> dict[str, Node]:
        """Return which node gives each tensor."""
        return {output: node for node in self.nodes for output in node.outputs}

    def only(self, outputs: Sequence[str]) -> Nodes:
        """Return what some outputs need."""
        wanted, kept = set(outputs), list[Node]()
        for node in reversed(self.nodes):
            if not wanted.isdisjoint(node.outputs):
                kept.append(node)
                wanted.update(node.inputs)
        return Nodes(tuple(kept[::-1]), self.constants)


def read(model: bytes) -> Nodes:
    """Read a model file. Raises: WeightsError where it is none, or holds what is not known here."""
    graph = by_number(next(contents(model, 7), b""))
    nodes: list[Node] = []
    constants = dict(_named_tensor(each) for each in graph.get(5, ()))
    for each in graph.get(1, ()):
        parts = by_number(each)
        attributes = dict(_attribute(one) for one in parts.get(5, ()))
        node = Node(_text(parts, 4), _texts(parts, 1), _texts(parts, 2), attributes)
        value = attributes.get("value")
        if node.operation == "Constant" and isinstance(value, np.ndarray):
            constants[node.outputs[0]] = value
        else:
            nodes.append(node)
    return Nodes(tuple(nodes), constants)


_Parts: TypeAlias = Mapping[int, Sequence[bytes]]


def _texts(parts: _Parts, wanted: int) -> tuple[str, ...]:
    return tuple(content.decode() for content in parts.get(wanted, ()))


def _text(parts: _Parts, wanted: int) -> str:
    return parts.get(wanted, (b"",))[0].decode()


def _integer(parts: _Parts, wanted: int) -> int:
    return next(iter(integers(parts.get(wanted, ()))), 0)


def _attribute(message: bytes) -> tuple[str, Value]:
    """Return an attribute and its name."""
    parts = by_number(message)
    called, kind = _text(parts, 1), _integer(parts, 20)
    if kind == _INT:
        return called, _integer(parts, 3)
    if kind == _INTS:
        return called, tuple(integers(parts.get(8, ())))
    if kind == _STRING:
        return called, _text(parts, 4)
    if kind == _TENSOR:
        return called, _named_tensor(parts.get(5, (b"",))[0])[1]
    if kind == _FLOAT:
        return called, float(struct.unpack("<f", parts[2][0])[0]) if 2 in parts else 0.0
    raise WeightsError(f"the model has an attribute of kind {kind}, which is not known here")


def _named_tensor(message: bytes) -> tuple[str, NDArray[Any]]:
    """Return a tensor and its name."""
    parts = by_number(message)
    shape, kind = tuple(integers(parts.get(1, ()))), _integer(parts, 2)
    if kind not in _TYPES or prod(shape) > 2**28 or min(shape, default=0) < 0:
        raise WeightsError(f"the model has a parameter of type {kind} and shape {shape}")
    raw = b"".join(parts.get(9, ())[:1]) or b"".join(parts.get(4, ()))
    if raw:
        values = np.frombuffer(raw, _TYPES[kind]) if len(raw) % _TYPES[kind].itemsize == 0 else None
    else:
        values = np.array(integers(parts.get(7, ())), _TYPES[kind])
    if values is None or values.size != prod(shape):
        raise WeightsError(f"the model has a parameter of shape {shape} with other data")
    return _text(parts, 8), values.reshape(shape)
