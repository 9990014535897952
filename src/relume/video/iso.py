"""Boxes of ISO media files, as far as FFmpeg neither tells nor writes what stands in them.

| what      | box, field                   | why                                                   |
|-----------|------------------------------|-------------------------------------------------------|
| kinds     | stsd, its first entry        | tracks of data often have no other name               |
| languages | mdhd, 3 letters of 5 bits    | into .mov FFmpeg writes Macintosh's numbers alone     |

ISO/IEC 14496-12, 8.4.2 and 8.5.2; QuickTime File Format, "Language Code Values".
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

_LARGEST = 256 * 2**20
"""Bytes of the index that is read: that of a day at 60 frames a second has half as many."""
_WAY = (b"mdia", b"minf", b"stbl")
"""Boxes inside each other on the way from a track to its tables."""


def kinds(path: Path) -> dict[int, str]:
    """Return the number of each track → the four letters of what it holds."""
    with path.open("rb") as file:
        _, index = _index(file)
    found: dict[int, str] = {}
    for boxes in _tracks(index):
        header, table = boxes.get(b"tkhd"), boxes.get(b"stsd")
        if header is None or table is None:
            continue
        at = header[0] + (20 if _version(index, header) else 12)
        letters = index[table[0] + 12 : table[0] + 16]
        if at + 4 <= header[1] and table[0] + 16 <= table[1]:
            found[int.from_bytes(index[at : at + 4], "big")] = letters.decode("latin-1")
    return found


def write_languages(path: Path, languages: Sequence[str]) -> None:
    """Write the language of each track, in their order; one without a code of three stays."""
    with path.open("r+b") as file:
        start, index = _index(file)
        for boxes, language in zip(_tracks(index), languages, strict=False):
            box = boxes.get(b"mdhd")
            code = _packed(language)
            if box is None or code is None:
                continue
            at = box[0] + (32 if _version(index, box) else 20)
            if at + 2 <= box[1]:
                file.seek(start + at)
                file.write(struct.pack(">H", code))


def _packed(language: str) -> int | None:
    if len(language) != 3 or not (language.isascii() and language.isalpha()) or language == "und":
        return None
    first, second, third = (ord(letter) - 0x60 for letter in language.lower())
    return first << 10 | second << 5 | third


def _index(file: BinaryIO) -> tuple[int, bytes]:
    """Return where the contents of `moov` begin, and them; nothing where there is none."""
    file.seek(0, 2)
    size, at = file.tell(), 0
    while at + 8 <= size:
        file.seek(at)
        head = file.read(16)
        length, kind = struct.unpack(">I4s", head[:8])
        skip = 8
        if length == 1 and len(head) == 16:
            length, skip = int.from_bytes(head[8:16], "big"), 16
        elif length == 0:
            length = size - at
        if length < skip:
            break
        if kind == b"moov":
            file.seek(at + skip)
            return at + skip, file.read(min(length - skip, _LARGEST))
        at += length
    return 0, b""


def _tracks(index: bytes) -> Iterator[dict[bytes, tuple[int, int]]]:
    """Yield for each track where the contents of its boxes begin and end."""
    for kind, begin, end in _boxes(index, 0, len(index)):
        if kind == b"trak":
            found: dict[bytes, tuple[int, int]] = {}
            for inner in (*_WAY, b""):
                boxes = {name: (start, stop) for name, start, stop in _boxes(index, begin, end)}
                found = {**boxes, **found}
                begin, end = boxes.get(inner, (0, 0))
            yield found


def _version(data: bytes, box: tuple[int, int]) -> bool:
    """Tell whether a box counts times in 64 bits."""
    return data[box[0] : box[0] + 1] == b"\1"


def _boxes(data: bytes, begin: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    at = begin
    while at + 8 <= end:
        length, kind = struct.unpack_from(">I4s", data, at)
        length = end - at if length == 0 else length
        if length < 8 or at + length > end:
            return
        yield kind, at + 8, at + length
        at += length
