"""TIFF whose channels lie one behind the other, seen as one gray picture for each.

Source: TIFF 6.0 (1992), sections 2 and 15; PlanarConfiguration on page 38.
"""

from __future__ import annotations

import struct

from relume.io.metadata.ifd import SHORT, SIZES, Directory, Entry, Layout, MalformedError

BITS, PHOTOMETRIC, SAMPLES, PLANES, SAMPLE_FORMAT = 258, 262, 277, 284, 339
PARTS = (273, 279), (324, 325)
"""Of strips and of tiles, where each lies, and its bytes: all of the first channel, then all of
the next."""
_KEPT = (256, 257, 259, 266, 278, 317, 322, 323, 347)
"""Sizes, compression with its predictor and tables, the order of bits: the same for each."""
BLACK_IS_ZERO = 1


def plane(data: bytes, written: Layout, table: Directory, *, number: int, of: int) -> bytes:
    """Return the file with a directory behind it that says that channel `number` is all there is.

    Raises: MalformedError for tables that do not hold one part for each of `of` channels.
    """
    rows = {tag: _row(written, entry) for tag in _KEPT if (entry := table.get(tag)) is not None}
    for tag in PARTS[table.get(PARTS[1][0]) is not None]:
        rows[tag] = _part(data, written, table.get(tag), number, of)
    for tag in (BITS, SAMPLE_FORMAT):
        entry = table.get(tag)
        if entry is not None:
            rows[tag] = _part(data, written, entry, number, entry.count)
    for tag, value in ((PHOTOMETRIC, BLACK_IS_ZERO), (SAMPLES, 1), (PLANES, 1)):
        rows[tag] = _short(written, tag, value)
    order = written.order
    even = data + b"\0" * (-len(data) % 8)
    count = struct.pack(order + ("Q" if written.big else "H"), len(rows))
    end = bytes(8 if written.big else 4)
    first = struct.pack(order + ("Q" if written.big else "I"), len(even))
    at = 8 if written.big else 4
    head = even[:at] + first + even[at + len(first) :]
    return b"".join((head, count, *(rows[tag] for tag in sorted(rows)), end))


def _row(written: Layout, entry: Entry) -> bytes:
    head = struct.pack(
        written.order + ("HHQ" if written.big else "HHI"), entry.tag, entry.type, entry.count
    )
    return head + entry.slot


def _short(written: Layout, tag: int, value: int) -> bytes:
    slot = struct.pack(written.order + "H", value)
    return _row(written, Entry(tag, SHORT, 1, 0, 0, 2, slot.ljust(8 if written.big else 4, b"\0")))


def _part(data: bytes, written: Layout, entry: Entry | None, number: int, of: int) -> bytes:
    """Return the row for one of `of` equal parts of a table."""
    if entry is None or entry.type not in SIZES or not 0 <= number < of or entry.count % of:
        raise MalformedError("its planes do not have a part each")
    many = entry.count // of
    size = many * SIZES[entry.type]
    at = entry.value_at + number * size
    if at + size > len(data):
        raise MalformedError("a table of its parts is cut off")
    room = 8 if written.big else 4
    pointer = struct.pack(written.order + ("Q" if written.big else "I"), at)
    slot = data[at : at + size].ljust(room, b"\0") if size <= room else pointer
    return _row(written, Entry(entry.tag, entry.type, many, 0, at, size, slot))
