"""What an AVIF file says beside its samples, put into one that says nothing: colour, EXIF, XMP.

The meta box is written anew, and what it points to moves by as much as it grew.

Source: ISO/IEC 14496-12 (2022), sections 8.11.3 (iloc), 8.11.6 (iinf), 8.11.12 (iref), 8.11.14
(iprp) and 12.1.5 (colr); ISO/IEC 23008-12 (2022), annex A (EXIF and XMP as items).
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

from relume.io.metadata.heif import Box, boxes, inside

MATRIX, FULL = 6, 0x80
"""BT.601 over the full range: what libheif writes samples in when it is not told otherwise."""


def with_statements(
    data: bytes,
    *,
    codes: tuple[int, int] | None,
    icc: bytes | None,
    exif: bytes | None,
    xmp: bytes | None,
) -> bytes:
    """Return a file of one picture (and its alpha) with statements added.

    Raises: ValueError for a file that is built otherwise.
    """
    meta = _need(next((box for box in boxes(data) if box.kind == b"meta"), None))
    children = {box.kind: box for box in boxes(data, meta.start + 4, meta.end)}
    (main,) = struct.unpack_from(">H", data, _need(children.get(b"pitm")).start + 4)
    old_items = _locations(data, _need(children.get(b"iloc")))
    following = max(number for number, _ in old_items) + 1
    added: list[tuple[int, bytes, bytes]] = []
    if exif is not None:  # after four bytes that say where its TIFF header begins
        added.append((following, b"Exif\0", b"\0\0\0\0" + exif))
    if xmp is not None:
        number = following + len(added)
        added.append((number, b"mime\0application/rdf+xml\0", xmp))
    properties = _properties(data, _need(children.get(b"iprp")), main, _colours(codes, icc))
    names = _names(data, _need(children.get(b"iinf")), added)
    references = _references(data, children.get(b"iref"), added, main)

    def built(moved: int, payload_at: int) -> bytes:
        places = [(n, [(at + moved, size) for at, size in parts]) for n, parts in old_items]
        at = payload_at
        for number, _, content in added:
            places.append((number, [(at, len(content))]))
            at += len(content)
        changed = {b"iloc": _iloc(places), b"iinf": names, b"iprp": properties}
        if references:
            changed[b"iref"] = references
        kept = [changed.pop(box.kind, data[box.at : box.end])
                for box in boxes(data, meta.start + 4, meta.end)]  # fmt: skip
        return _box(b"meta", b"\0\0\0\0" + b"".join([*kept, *changed.values()]))

    moved = len(built(0, 0)) - (meta.end - meta.at)
    payload = b"".join(content for _, _, content in added)
    rebuilt = built(moved, len(data) + moved + 8)
    end = _box(b"mdat", payload) if payload else b""
    return data[: meta.at] + rebuilt + data[meta.end :] + end


def _need(box: Box | None) -> Box:
    if box is None:
        raise ValueError("an AVIF file without a box that it needs")
    return box


def _box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(content), kind) + content


def _colours(codes: tuple[int, int] | None, icc: bytes | None) -> list[bytes]:
    found: list[bytes] = []
    if icc is not None:
        found.append(_box(b"colr", b"prof" + icc))
    if codes is not None:
        found.append(_box(b"colr", b"nclx" + struct.pack(">HHHB", *codes, MATRIX, FULL)))
    return found


def _properties(data: bytes, box: Box, main: int, added: Sequence[bytes]) -> bytes:
    """Add properties of the main picture. Source: section 8.11.14."""
    container = _need(inside(data, box, b"ipco"))
    old = list(boxes(data, container.start, container.end))
    numbers = range(len(old) + 1, len(old) + 1 + len(added))
    content = data[container.start : container.end] + b"".join(added)
    table = _need(inside(data, box, b"ipma"))
    if data[table.start] != 0 or data[table.start + 3] != 0 or numbers.stop > 128:
        raise ValueError("an AVIF file with long associations")
    (count,) = struct.unpack_from(">I", data, table.start + 4)
    rows, at = b"", table.start + 8
    for _ in range(count):
        item, many = struct.unpack_from(">HB", data, at)
        listed = data[at + 3 : at + 3 + many] + (bytes(numbers) if item == main else b"")
        rows += struct.pack(">HB", item, len(listed)) + listed
        at += 3 + many
    written = _box(b"ipma", data[table.start : table.start + 8] + rows)
    return _box(b"iprp", _box(b"ipco", content) + written)


def _names(data: bytes, box: Box, added: Sequence[tuple[int, bytes, bytes]]) -> bytes:
    if data[box.start] != 0:
        raise ValueError("an AVIF file with long lists")
    (count,) = struct.unpack_from(">H", data, box.start + 4)
    entries = b"".join(
        _box(b"infe", b"\2\0\0\1" + struct.pack(">HH", number, 0) + kind[:5] + kind[5:])
        for number, kind, _ in added
    )
    total = struct.pack(">H", count + len(added))
    return _box(b"iinf", b"\0\0\0\0" + total + data[box.start + 6 : box.end] + entries)


def _references(
    data: bytes, box: Box | None, added: Sequence[tuple[int, bytes, bytes]], main: int
) -> bytes:
    if box is not None and data[box.start] != 0:
        raise ValueError("an AVIF file with long references")
    old = data[box.start + 4 : box.end] if box is not None else b""
    new = b"".join(_box(b"cdsc", struct.pack(">HHH", n, 1, main)) for n, _, _ in added)
    return _box(b"iref", b"\0\0\0\0" + old + new) if old or new else b""


def _locations(data: bytes, box: Box) -> list[tuple[int, list[tuple[int, int]]]]:
    """Return number and pieces, place and size, of each item."""
    version = data[box.start]
    sizes = data[box.start + 4], data[box.start + 5]
    wide, long, base, index = sizes[0] >> 4, sizes[0] & 15, sizes[1] >> 4, sizes[1] & 15
    if version > 1:
        raise ValueError("an AVIF file with long places")
    (count,) = struct.unpack_from(">H", data, box.start + 6)
    at = box.start + 8

    def number(size: int) -> int:
        nonlocal at
        at += size
        return int.from_bytes(data[at - size : at], "big")

    found: list[tuple[int, list[tuple[int, int]]]] = []
    for _ in range(count):
        item = number(2)
        if version == 1 and number(2) & 15:
            raise ValueError("an AVIF file with items inside its boxes")
        number(2)  # this very file
        start = number(base)
        parts: list[tuple[int, int]] = []
        for _ in range(number(2)):
            number(index if version == 1 else 0)
            place = start + number(wide)
            parts.append((place, number(long)))
        found.append((item, parts))
    return found


def _iloc(places: Sequence[tuple[int, Sequence[tuple[int, int]]]]) -> bytes:
    rows = b"".join(
        struct.pack(">HHH", item, 0, len(parts)) + b"".join(struct.pack(">II", *p) for p in parts)
        for item, parts in places
    )
    return _box(b"iloc", b"\0\0\0\0\x44\0" + struct.pack(">H", len(places)) + rows)
