"""The nodes and parameters of a model file, for whoever runs parts of it by other means.

onnx.proto: GraphProto.node = 1, .initializer = 5; NodeProto.input = 1, .output = 2, .op_type = 4,
.attribute = 5; AttributeProto.name = 1, .f = 2, .i = 3, .s = 4, .t = 5, .ints = 8, .type = 20;
TensorProto.dims = 1, .data_type = 2, .float_data = 4, .int64_data = 7, .name = 8, .raw_data = 9.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import prod
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from relume.engines.messages import contents, fields, name, names, varint
from relume.errors import WeightsError

Value: TypeAlias = float | int | str | tuple[int, ...] | NDArray[Any]

_TYPES = {1: np.dtype("<f4"), 6: np.dtype("<i4"), 7: np.dtype("<i8"), 9: np.dtype(np.bool_)}
"""TensorProto.DataType → what such numbers are."""
_FLOAT, _INT, _STRING, _TENSOR, _INTS = 1, 2, 3, 4, 7
"""AttributeProto.AttributeType."""


@dataclass(frozen=True)
class Node:
    """One operation of a graph."""

    operation: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, Value]


@dataclass(frozen=True)
class Nodes:
    """What a graph computes, in the order of computation, and from which parameters."""

    nodes: tuple[Node, ...]
    constants: Mapping[str, NDArray[Any]]

    def producers(self) -> dict[str, Node]:
        """Return which node gives each tensor."""
        return {output: node for node in self.nodes for output in node.outputs}


def read(model: bytes) -> Nodes:
    """Read a model file. Raises: WeightsError where it is none, or holds what is not known here."""
    graph = next(contents(model, 7), b"")
    nodes: list[Node] = []
    constants = {name(each, 8): _tensor(each) for each in contents(graph, 5)}
    for each in contents(graph, 1):
        attributes = {name(one, 1): _attribute(one) for one in contents(each, 5)}
        node = Node(name(each, 4), names(each, 1), names(each, 2), attributes)
        value = attributes.get("value")
        if node.operation == "Constant" and isinstance(value, np.ndarray):
            constants[node.outputs[0]] = value
        else:
            nodes.append(node)
    return Nodes(tuple(nodes), constants)


def _numbers(message: bytes, wanted: int) -> Iterator[int]:
    """Yield whole numbers of a field, one by one or packed."""
    for number, content, whole in fields(message):
        if number != wanted:
            continue
        if content:
            at = 0
            while at < len(content):
                value, at = varint(content, at)
                yield _signed(value)
        else:
            _, at = varint(whole, 0)
            if at < len(whole):
                yield _signed(varint(whole, at)[0])


def _signed(value: int) -> int:
    return value - 2**64 if value >= 2**63 else value


def _attribute(message: bytes) -> Value:
    kind = next(_numbers(message, 20), 0)
    if kind == _INT:
        return next(_numbers(message, 3), 0)
    if kind == _INTS:
        return tuple(_numbers(message, 8))
    if kind == _STRING:
        return name(message, 4)
    if kind == _TENSOR:
        return _tensor(next(contents(message, 5), b""))
    if kind == _FLOAT:
        for number, _, whole in fields(message):
            if number == 2:
                return float(struct.unpack("<f", whole[-4:])[0])
        return 0.0
    raise WeightsError(f"the model has an attribute of kind {kind}, which is not known here")


def _tensor(message: bytes) -> NDArray[Any]:
    shape = tuple(_numbers(message, 1))
    kind = next(_numbers(message, 2), 0)
    if kind not in _TYPES or prod(shape) > 2**28 or min(shape, default=0) < 0:
        raise WeightsError(f"the model has a parameter of type {kind} and shape {shape}")
    raw = next(contents(message, 9), b"") or next(contents(message, 4), b"")
    if raw:
        values = np.frombuffer(raw, _TYPES[kind]) if len(raw) % _TYPES[kind].itemsize == 0 else None
    else:
        values = np.array(list(_numbers(message, 7)), _TYPES[kind])
    if values is None or values.size != prod(shape):
        raise WeightsError(f"the model has a parameter of shape {shape} with other data")
    return values.reshape(shape)
