"""The protocol-buffer messages that a model file consists of, read and written field by field.

Source: protobuf's "Encoding" (protobuf.dev/programming-guides/encoding).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from relume.errors import WeightsError

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
"""Wire types."""

Field = tuple[int, bytes, bytes]
"""Number, content (a number is there as it is encoded), and the field as it stands in the file."""


def contents(message: bytes, wanted: int) -> Iterator[bytes]:
    """Yield the contents of the fields of a number."""
    return (content for number, content, _ in fields(message) if number == wanted)


def name(message: bytes, wanted: int) -> str:
    """Return the text of the first field of a number, or none at all."""
    return next(contents(message, wanted), b"").decode()


def by_number(message: bytes) -> dict[int, list[bytes]]:
    """Return the contents of all fields, for whoever wants several of them."""
    found: dict[int, list[bytes]] = {}
    at, end = 0, len(message)
    while at < end:
        number, first, at = _next(message, at, end)
        if number in found:
            found[number].append(message[first:at])
        else:
            found[number] = [message[first:at]]
    return found


def integers(encoded: Iterable[bytes]) -> list[int]:
    """Return the numbers that fields of one number hold, one by one or packed."""
    found: list[int] = []
    for content in encoded:
        at = 0
        while at < len(content):
            value, at = varint(content, at)
            found.append(value - 2**64 if value >= 2**63 else value)
    return found


def fields(message: bytes) -> Iterator[Field]:
    """Yield the fields of a message; raises WeightsError where it ends too early."""
    at, end = 0, len(message)
    while at < end:
        start = at
        number, first, at = _next(message, at, end)
        yield number, message[first:at], message[start:at]


def _next(message: bytes, at: int, end: int) -> tuple[int, int, int]:
    """Return the number of the field that begins at `at`, and where its content begins and ends."""
    key, at = message[at], at + 1
    if key > 0x7F:  # most are this short, and so are most lengths
        key, at = varint(message, at - 1)
    first, kind = at, key & 7
    if kind == _BYTES:
        if at < end and message[at] <= 0x7F:
            first = at + 1
            at = first + message[at]
        else:
            length, first = varint(message, at)
            at = first + length
    elif kind == _VARINT:
        _, at = varint(message, at)
    elif kind in (_FIXED32, _FIXED64):
        at += 4 if kind == _FIXED32 else 8
    else:
        raise WeightsError("this is not a model file: an unknown kind of field")
    if at > end:
        raise WeightsError("this is not a model file: it ends within a field")
    return key >> 3, first, at


def varint(message: bytes, at: int) -> tuple[int, int]:
    """Return the number that begins at `at`, and where it ends."""
    if at < len(message) and message[at] < 0x80:  # most are this short
        return message[at], at + 1
    value = shift = 0
    while at < len(message) and shift < 64:
        byte = message[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at
    raise WeightsError("this is not a model file: it ends within a number")


def bytes_field(number: int, content: bytes) -> bytes:
    """Return a field of bytes as it stands in a file."""
    return encoded(number << 3 | _BYTES) + encoded(len(content)) + content


def encoded(value: int) -> bytes:
    """Return a number as it stands in a file."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
