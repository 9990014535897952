"""Cut out of a model file the part that some of its outputs need.

ONNX Runtime computes every output of a graph, also those nobody asks for. What is not needed is
left out before a session is opened: nodes, inputs, outputs and parameters. The file is read as the
protocol-buffer messages it consists of (onnx.proto, IR version 3 and later): ModelProto.graph = 7;
GraphProto.node = 1, .initializer = 5, .input = 11, .output = 12; NodeProto.input = 1, .output = 2,
.attribute = 5; TensorProto.name = 8; ValueInfoProto.name = 1; AttributeProto.g = 6, .graphs = 11.
"""

from __future__ import annotations

from collections.abc import Sequence

from relume.engines.messages import by_number, bytes_field, contents, fields
from relume.errors import WeightsError

_GRAPH, _NODE, _INITIALIZER, _INPUT, _OUTPUT = 7, 1, 5, 11, 12
_NAME_OF = {_INITIALIZER: 8, _INPUT: 1, _OUTPUT: 1}
"""Field of a graph → the field of what stands there that holds its name."""
_TAKES, _GIVES, _ATTRIBUTE = 1, 2, 5
_SUBGRAPHS = (6, 11)


def only(model: bytes, outputs: Sequence[str]) -> bytes:
    """Return the model with these outputs and what they need.

    Raises: WeightsError for a file that is no such message, or lacks an output.
    """
    parts = list(fields(model))
    graphs = [content for number, content, _ in parts if number == _GRAPH]
    if len(graphs) != 1:
        raise WeightsError(f"a model file holds one graph, this one {len(graphs)}")
    graph = _cut(graphs[0], frozenset(each.encode() for each in outputs))
    return b"".join(
        bytes_field(_GRAPH, graph) if number == _GRAPH else whole for number, _, whole in parts
    )


def _cut(graph: bytes, outputs: frozenset[bytes]) -> bytes:
    parts = list(fields(graph))
    known = {_named(content, 1) for number, content, _ in parts if number == _OUTPUT}
    if missing := outputs - known:
        said = ", ".join(sorted(each.decode() for each in missing))
        raise WeightsError(f"the model lacks its output {said}")
    needed, kept = set(outputs), set[int]()
    for index in range(len(parts) - 1, -1, -1):  # nodes stand in the order of computation
        number, content, _ = parts[index]
        if number != _NODE:
            continue
        node = by_number(content)
        if needed.isdisjoint(node.get(_GIVES, ())):
            continue
        if any(_holds_graphs(attribute) for attribute in node.get(_ATTRIBUTE, ())):
            raise WeightsError("a model with branches or loops cannot be cut")
        kept.add(index)
        needed.update(node.get(_TAKES, ()))

    def stays(index: int, number: int, content: bytes) -> bool:
        if number == _NODE:
            return index in kept
        if number == _OUTPUT:
            return _named(content, 1) in outputs
        return number not in _NAME_OF or _named(content, _NAME_OF[number]) in needed

    return b"".join(
        whole
        for index, (number, content, whole) in enumerate(parts)
        if stays(index, number, content)
    )


def _named(message: bytes, wanted: int) -> bytes:
    """Return a name as it is encoded, which is enough to compare it."""
    return next(contents(message, wanted), b"")


def _holds_graphs(attribute: bytes) -> bool:
    return any(number in _SUBGRAPHS for number, _, _ in fields(attribute))
