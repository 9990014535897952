"""Cut out of a model file the part that some of its outputs need.

ONNX Runtime computes every output of a graph, also those nobody asks for. What is not needed is
left out before a session is opened: nodes, inputs, outputs and parameters. The file is read as the
protocol-buffer messages it consists of (onnx.proto, IR version 3 and later): ModelProto.graph = 7;
GraphProto.node = 1, .initializer = 5, .input = 11, .output = 12; NodeProto.input = 1, .output = 2,
.attribute = 5; TensorProto.name = 8; ValueInfoProto.name = 1; AttributeProto.g = 6, .graphs = 11.
"""

from __future__ import annotations

from collections.abc import Sequence

from relume.engines.messages import bytes_field, contents, fields, name, names
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
    graph = _cut(graphs[0], frozenset(outputs))
    return b"".join(
        bytes_field(_GRAPH, graph) if number == _GRAPH else whole for number, _, whole in parts
    )


def _cut(graph: bytes, outputs: frozenset[str]) -> bytes:
    parts = list(fields(graph))
    known = {name(content, 1) for number, content, _ in parts if number == _OUTPUT}
    if missing := outputs - known:
        raise WeightsError(f"the model lacks its output {', '.join(sorted(missing))}")
    nodes = [
        (index, names(content, _TAKES), names(content, _GIVES), content)
        for index, (number, content, _) in enumerate(parts)
        if number == _NODE
    ]
    needed, kept = set(outputs), set[int]()
    for index, takes, gives, content in reversed(nodes):  # nodes stand in the order of computation
        if needed.intersection(gives):
            if _holds_graphs(content):
                raise WeightsError("a model with branches or loops cannot be cut")
            kept.add(index)
            needed.update(takes)

    def stays(index: int, number: int, content: bytes) -> bool:
        if number == _NODE:
            return index in kept
        if number == _OUTPUT:
            return name(content, 1) in outputs
        return number not in _NAME_OF or name(content, _NAME_OF[number]) in needed

    return b"".join(
        whole
        for index, (number, content, whole) in enumerate(parts)
        if stays(index, number, content)
    )


def _holds_graphs(node: bytes) -> bool:
    return any(
        number in _SUBGRAPHS
        for attribute in contents(node, _ATTRIBUTE)
        for number, _, _ in fields(attribute)
    )
