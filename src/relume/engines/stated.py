"""What a model file states of itself, read without an engine: some milliseconds instead of the time
in which a session is opened.

onnx.proto: ModelProto.graph = 7, .metadata_props = 14; StringStringEntryProto.key = 1, .value = 2;
GraphProto.initializer = 5, .input = 11, .output = 12; ValueInfoProto.name = 1, .type = 2;
TypeProto.tensor_type = 1; Tensor.elem_type = 1, .shape = 2; TensorShapeProto.dim = 1;
Dimension.dim_value = 1; TensorProto.name = 8.
"""

from __future__ import annotations

from collections.abc import Mapping

from relume.engines.graph import Port
from relume.engines.messages import by_number, contents, integers, name
from relume.errors import WeightsError
from relume.frozen import frozen

_TYPES = {1: "float32", 6: "int32", 7: "int64", 9: "bool", 10: "float16", 11: "float64"}
"""TensorProto.DataType → as NumPy calls it."""


@frozen
class Stated:
    """Names and shapes of a model's inputs and outputs, and its metadata."""

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    ports: Mapping[str, Port]
    metadata: Mapping[str, str]


def stated(model: bytes) -> Stated:
    """Read what a model file states.

    Raises: WeightsError for a file that is no such message, or has inputs of another kind.
    """
    parts = by_number(model)
    graph = by_number(next(iter(parts.get(7, ())), b""))
    held = {name(each, 8) for each in graph.get(5, ())}
    inputs, outputs = (
        {name(each, 1): _port(each) for each in graph.get(which, ()) if name(each, 1) not in held}
        for which in (11, 12)
    )
    return Stated(
        tuple(inputs),
        tuple(outputs),
        {**inputs, **outputs},
        {name(each, 1): name(each, 2) for each in parts.get(14, ())},
    )


def _port(message: bytes) -> Port:
    tensor = next(contents(next(contents(message, 2), b""), 1), b"")
    kind = next(iter(integers(contents(tensor, 1))), 0)
    if kind not in _TYPES:
        raise WeightsError(f"the model's {name(message, 1)} is of a kind that is not known here")
    shape = next(contents(tensor, 2), None)
    if shape is None:
        return Port(None, _TYPES[kind])
    lengths = (next(iter(integers(contents(each, 1))), None) for each in contents(shape, 1))
    return Port(tuple(lengths), _TYPES[kind])
