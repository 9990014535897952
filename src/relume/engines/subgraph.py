"""Cut out of a model file the part that some of its outputs need.

ONNX Runtime computes every output of a graph, also those nobody asks for. What is not needed is
left out before a session is opened: nodes, inputs, outputs and parameters. The file is read as the
protocol-buffer messages it consists of (onnx.proto, IR version 3 and later): ModelProto.graph = 7;
GraphProto.node = 1, .initializer = 5, .input = 11, .output = 12; NodeProto.input = 1, .output = 2,
.attribute = 5; TensorProto.name = 8; ValueInfoProto.name = 1; AttributeProto.g = 6, .graphs = 11.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from relume.errors import WeightsError

_GRAPH, _NODE, _INITIALIZER, _INPUT, _OUTPUT = 7, 1, 5, 11, 12
_NAME_OF = {_INITIALIZER: 8, _INPUT: 1, _OUTPUT: 1}
"""Field of a graph → the field of what stands there that holds its name."""
_TAKES, _GIVES, _ATTRIBUTE = 1, 2, 5
_SUBGRAPHS = (6, 11)

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
"""Wire types of protocol buffers."""

Field = tuple[int, bytes, bytes]
"""Number, content (empty unless it is bytes), and the field as it stands in the file."""


def only(model: bytes, outputs: Sequence[str]) -> bytes:
    """Return the model with these outputs and what they need.

    Raises: WeightsError for a file that is no such message, or lacks an output.
    """
    parts = list(_fields(model))
    graphs = [content for number, content, _ in parts if number == _GRAPH]
    if len(graphs) != 1:
        raise WeightsError(f"a model file holds one graph, this one {len(graphs)}")
    graph = _cut(graphs[0], frozenset(outputs))
    return b"".join(
        _bytes_field(_GRAPH, graph) if number == _GRAPH else whole for number, _, whole in parts
    )


def _cut(graph: bytes, outputs: frozenset[str]) -> bytes:
    fields = list(_fields(graph))
    known = {_name(content, 1) for number, content, _ in fields if number == _OUTPUT}
    if missing := outputs - known:
        raise WeightsError(f"the model lacks its output {', '.join(sorted(missing))}")
    nodes = [
        (index, _names(content, _TAKES), _names(content, _GIVES), content)
        for index, (number, content, _) in enumerate(fields)
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
            return _name(content, 1) in outputs
        return number not in _NAME_OF or _name(content, _NAME_OF[number]) in needed

    return b"".join(
        whole
        for index, (number, content, whole) in enumerate(fields)
        if stays(index, number, content)
    )


def _holds_graphs(node: bytes) -> bool:
    return any(
        number in _SUBGRAPHS
        for attribute in _contents(node, _ATTRIBUTE)
        for number, _, _ in _fields(attribute)
    )


def _contents(message: bytes, wanted: int) -> Iterator[bytes]:
    return (content for number, content, _ in _fields(message) if number == wanted)


def _names(message: bytes, wanted: int) -> tuple[str, ...]:
    return tuple(content.decode() for content in _contents(message, wanted))


def _name(message: bytes, wanted: int) -> str:
    return next(iter(_names(message, wanted)), "")


def _fields(message: bytes) -> Iterator[Field]:
    """Yield the fields of a message; raises WeightsError where it ends too early."""
    at = 0
    while at < len(message):
        start = at
        key, at = _varint(message, at)
        content, kind = b"", key & 7
        if kind == _VARINT:
            _, at = _varint(message, at)
        elif kind == _BYTES:
            length, at = _varint(message, at)
            content = message[at : at + length]
            at += length
        elif kind in (_FIXED32, _FIXED64):
            at += 4 if kind == _FIXED32 else 8
        else:
            raise WeightsError("this is not a model file: an unknown kind of field")
        if at > len(message):
            raise WeightsError("this is not a model file: it ends within a field")
        yield key >> 3, content, message[start:at]


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(message) and shift < 64:
        byte = message[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at
    raise WeightsError("this is not a model file: it ends within a number")


def _bytes_field(number: int, content: bytes) -> bytes:
    return _encoded(number << 3 | _BYTES) + _encoded(len(content)) + content


def _encoded(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
