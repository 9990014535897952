"""Boxes of HEIF and AVIF: what they state of their main picture beside its samples.

Source: ISO/IEC 14496-12 (2022), sections 8.11 (meta, pitm, iloc, iinf, iprp) and 12.1.5 (colr);
ISO/IEC 23008-12 (2022), section 6.5 (properties); AVIF 1.1, section 2.2 (av1C).
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator

from relume.colour_statement import Colour, of_codes
from relume.frozen import frozen

_MOST = 20_000
"""Boxes and rows looked at: a hostile file can claim billions."""

_TEXTS = re.compile(rb"(.{4})(infe|auxC)", re.DOTALL)


@frozen
class Box:
    """A box: its kind, where it begins, and where its content begins and ends."""

    kind: bytes
    at: int
    start: int
    end: int


@frozen
class Main:
    """The properties of the main picture, in the order it names them."""

    properties: tuple[tuple[bytes, bytes], ...]
    kinds: tuple[bytes, ...]
    """Kinds of all items of the file: av01, grid, Exif, mime, tmap …"""

    def get(self, kind: bytes) -> bytes | None:
        """Return the content of the first property of a kind."""
        return next((content for name, content in self.properties if name == kind), None)

    @property
    def stated(self) -> Colour | None:
        """The colour that an nclx box states."""
        for name, content in self.properties:
            if name == b"colr" and content[:4] == b"nclx" and len(content) >= 11:
                primaries, transfer, matrix, full = struct.unpack_from(">HHHB", content, 4)
                spread = "full" if full & 0x80 else "limited"
                return of_codes(primaries, transfer, by="nclx", matrix=matrix, range=spread)
        return None

    @property
    def depth(self) -> int:
        """Bits per sample: of pixi, else of the AV1 configuration; 8 when neither tells."""
        pixi, av1c = self.get(b"pixi"), self.get(b"av1C")
        if pixi is not None and len(pixi) >= 6:
            return max(pixi[5 : 5 + pixi[4]], default=8)
        if av1c is not None and len(av1c) >= 3 and av1c[2] & 0x40:
            return 12 if av1c[2] & 0x20 else 10
        return 8


def boxes(data: bytes, start: int = 0, end: int | None = None) -> Iterator[Box]:
    """Yield the boxes between two places; ends quietly where they no longer hold together."""
    end = len(data) if end is None else end
    at = start
    for _ in range(_MOST):
        if at + 8 > end:
            return
        size, kind = struct.unpack_from(">I4s", data, at)
        head = 8
        if size == 1:
            if at + 16 > end:
                return
            (size,) = struct.unpack_from(">Q", data, at + 8)
            head = 16
        elif size == 0:
            size = end - at
        if size < head or at + size > end:
            return
        yield Box(kind, at, at + head, at + size)
        at += size


def inside(data: bytes, box: Box, kind: bytes, *, skip: int = 0) -> Box | None:
    """Return the first box of a kind in another; `skip` are bytes before the first one."""
    return next((one for one in boxes(data, box.start + skip, box.end) if one.kind == kind), None)


def main(data: bytes) -> Main:
    """Return what a file states of its main picture; nothing where it makes no sense."""
    try:
        return _main(data)
    except (struct.error, IndexError):
        return Main((), ())


def check_texts(data: bytes) -> None:
    """Refuse names that are no text: kinds and names of items, kinds of auxiliary pictures.

    Found as libheif may find them, wherever they lie in the boxes before the samples.

    Raises: ValueError.
    """
    meta = next((box for box in boxes(data) if box.kind == b"meta"), None)
    whole = data[meta.start : meta.end] if meta is not None else data
    for found in _TEXTS.finditer(whole):
        size = int.from_bytes(found[1], "big")
        version = whole[found.end()] if found.end() < len(whole) else 0
        # Version, flags, and of an item its number and protection.
        skip = 4 if found[2] == b"auxC" else 10 if version > 2 else 8
        content = whole[found.end() + skip : found.start() + max(size, 8)]
        text = content.partition(b"\0")[0] if found[2] == b"auxC" else content
        try:
            text.decode("utf-8")
        except UnicodeDecodeError as error:
            raise ValueError("a name in it is no text") from error


def _main(data: bytes) -> Main:
    meta = next((box for box in boxes(data) if box.kind == b"meta"), None)
    if meta is None:
        return Main((), ())
    items = inside(data, meta, b"iinf", skip=4)
    kinds = tuple(kind for _, kind in _items(data, items)) if items else ()
    first = inside(data, meta, b"pitm", skip=4)
    properties = inside(data, meta, b"iprp", skip=4)
    if first is None or properties is None:
        return Main((), kinds)
    wide = data[first.start] > 0
    (number,) = struct.unpack_from(">I" if wide else ">H", data, first.start + 4)
    container = inside(data, properties, b"ipco")
    if container is None:
        return Main((), kinds)
    known = [
        (box.kind, data[box.start : box.end]) for box in boxes(data, container.start, container.end)
    ]
    found = [
        known[index - 1]
        for box in boxes(data, properties.start, properties.end)
        if box.kind == b"ipma"
        for index in _associated(data, box, number)
        if 1 <= index <= len(known)
    ]
    return Main(tuple(found), kinds)


def _items(data: bytes, box: Box) -> Iterator[tuple[int, bytes]]:
    version = data[box.start]
    skip = 6 if version == 0 else 8
    for entry in boxes(data, box.start + skip, box.end):
        if entry.kind == b"infe" and data[entry.start] >= 2:
            wide = data[entry.start] > 2
            (number,) = struct.unpack_from(">I" if wide else ">H", data, entry.start + 4)
            at = entry.start + (10 if wide else 8)
            yield number, data[at : at + 4]


def _associated(data: bytes, box: Box, item: int) -> list[int]:
    """Return the indices of an item's properties, from 1."""
    version, flags = data[box.start], data[box.start + 3]
    (count,) = struct.unpack_from(">I", data, box.start + 4)
    at = box.start + 8
    for _ in range(min(count, _MOST)):
        (number,) = struct.unpack_from(">I" if version else ">H", data, at)
        at += 4 if version else 2
        many = data[at]
        at += 1
        code, width, mask = (">H", 2, 0x7FFF) if flags & 1 else (">B", 1, 0x7F)
        found = [struct.unpack_from(code, data, at + width * i)[0] & mask for i in range(many)]
        at += width * many
        if number == item:
            return found
    return []
