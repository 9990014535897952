"""Image file directories, the tagged tables inside TIFF files and EXIF blobs, taken apart raw.

Source: TIFF 6.0 (1992), section 2; the BigTIFF extension (2007).
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Literal, TypeAlias

from relume.frozen import frozen

Order: TypeAlias = Literal["<", ">"]

BYTE, ASCII, SHORT, LONG, RATIONAL, UNDEFINED, SRATIONAL = 1, 2, 3, 4, 5, 7, 10

SIZES = dict(
    zip([*range(1, 14), 16, 17, 18], [1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4, 8, 8, 8], strict=True)
)
"""Type → bytes of one value."""

_CODES = {1: "B", 3: "H", 4: "I", 5: "II", 6: "b", 8: "h", 9: "i", 10: "ii", 13: "I", 16: "Q"}


class MalformedError(ValueError):
    """A directory that does not hold together."""


@frozen
class Layout:
    """How a TIFF structure is written."""

    order: Order
    big: bool
    """BigTIFF: offsets and counts of 8 bytes."""
    first: int
    """Where the first directory lies."""


@frozen
class Entry:
    """One row of a directory, as it lies in its blob."""

    tag: int
    type: int
    count: int
    at: int
    """Where the row itself lies."""
    value_at: int
    size: int
    slot: bytes
    """The row's last field: the value if it fits, else the offset of the value."""


@frozen
class Field:
    """One row to be written, with its value."""

    tag: int
    type: int
    count: int
    value: bytes


@frozen
class Directory:
    """A table of entries and the place of the next one."""

    at: int
    entries: tuple[Entry, ...]
    next: int
    next_at: int

    def get(self, tag: int) -> Entry | None:
        """Return the entry of `tag`, or None."""
        return next((entry for entry in self.entries if entry.tag == tag), None)


def layout(blob: bytes | bytearray) -> Layout:
    """Read the header of a TIFF structure."""
    order: Order
    if blob[:2] == b"II":
        order = "<"
    elif blob[:2] == b"MM":
        order = ">"
    else:
        raise MalformedError("no TIFF header")
    try:
        version, first = struct.unpack_from(order + "HI", blob, 2)
        if version == 43:
            return Layout(order, True, struct.unpack_from(order + "Q", blob, 8)[0])
    except struct.error as error:
        raise MalformedError("the TIFF header is cut off") from error
    if version != 42:
        raise MalformedError("no TIFF header")
    return Layout(order, False, first)


def directory(blob: bytes | bytearray, written: Layout, at: int) -> Directory:
    """Read the directory at an offset; values are not looked at."""
    order, big = written.order, written.big
    width, slot = (20, 8) if big else (12, 4)
    pointer = order + ("Q" if big else "I")
    try:
        (count,) = struct.unpack_from(order + ("Q" if big else "H"), blob, at)
        start = at + (8 if big else 2)
        next_at = start + count * width
        (following,) = struct.unpack_from(pointer, blob, next_at)
        entries: list[Entry] = []
        for row in range(start, next_at, width):
            tag, kind, many = struct.unpack_from(order + ("HHQ" if big else "HHI"), blob, row)
            size = SIZES.get(kind, 1) * many
            slot_at = row + width - slot
            value_at = slot_at if size <= slot else struct.unpack_from(pointer, blob, slot_at)[0]
            raw = bytes(blob[slot_at : slot_at + slot])
            entries.append(Entry(tag, kind, many, row, value_at, size, raw))
    except (struct.error, OverflowError) as error:
        raise MalformedError(f"the directory at byte {at} is cut off") from error
    return Directory(at, tuple(entries), following, next_at)


def value(blob: bytes | bytearray, entry: Entry) -> bytes:
    """Return the bytes of an entry's value."""
    end = entry.value_at + entry.size
    if entry.type not in SIZES or end > len(blob):
        raise MalformedError(f"the value of tag {entry.tag} lies outside the file")
    return bytes(blob[entry.value_at : end])


def numbers(blob: bytes | bytearray, written: Layout, entry: Entry | None) -> tuple[int, ...]:
    """Return an entry's first 16 whole numbers, two for a rational; none if it is absent or no
    number. (A hostile file can state millions.)"""
    if entry is None or entry.type not in _CODES:
        return ()
    many = min(entry.count, 16)
    if entry.value_at + many * SIZES[entry.type] > len(blob):
        raise MalformedError(f"the value of tag {entry.tag} lies outside the file")
    return struct.unpack_from(written.order + _CODES[entry.type] * many, blob, entry.value_at)


def reals(
    blob: bytes | bytearray, written: Layout, entry: Entry | None, *, most: int = 256
) -> tuple[float, ...]:
    """Return an entry's first `most` numbers of any type, a rational as its quotient; none if it
    is absent or no number. A quotient by 0 counts as 0."""
    codes = {**_CODES, 11: "f", 12: "d"}
    if entry is None or entry.type not in codes:
        return ()
    many = min(entry.count, most)
    if entry.value_at + many * SIZES[entry.type] > len(blob):
        raise MalformedError(f"the value of tag {entry.tag} lies outside the file")
    found = struct.unpack_from(written.order + codes[entry.type] * many, blob, entry.value_at)
    if entry.type not in (RATIONAL, SRATIONAL):
        return tuple(map(float, found))
    pairs = zip(found[::2], found[1::2], strict=True)
    return tuple(above / below if below else 0.0 for above, below in pairs)


def header(order: Order, first: int) -> bytes:
    """Write the eight bytes a TIFF structure starts with."""
    return (b"II" if order == "<" else b"MM") + struct.pack(order + "HI", 42, first)


def field(order: Order, tag: int, kind: int, *values: int) -> Field:
    """Make a row of whole numbers; a rational is two of them."""
    raw = struct.pack(f"{order}{len(values)}{_CODES[kind][0]}", *values)
    return Field(tag, kind, len(raw) // SIZES[kind], raw)


def pack(order: Order, rows: Sequence[Field | Entry], *, at: int, following: int = 0) -> bytes:
    """Write a directory that will lie at offset `at`, its fields' values behind it.

    Entries are written as they lie: their values must stay where they are.
    """
    table = struct.pack(order + "H", len(rows))
    values = bytearray()
    values_at = at + 2 + 12 * len(rows) + 4
    for row in sorted(rows, key=lambda row: row.tag):
        if isinstance(row, Entry):
            slot = row.slot
        elif len(row.value) <= 4:
            slot = row.value.ljust(4, b"\0")
        else:
            slot = struct.pack(order + "I", values_at + len(values))
            values += row.value + b"\0" * (len(row.value) % 2)
        table += struct.pack(order + "HHI", row.tag, row.type, row.count) + slot
    return table + struct.pack(order + "I", following) + bytes(values)
