"""EXIF blobs, changed as little as possible: values are patched where they lie, and a directory
that must grow is written anew at the end, so that everything else stays at its offset. Maker notes
hold offsets into the blob that only their maker understands.

Source: Exif 2.32 (CIPA DC-008-2019), section 4.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from datetime import UTC, datetime

from relume.colour_statement import Colour, Transfer
from relume.colour_statement.curves import Parametric
from relume.colour_statement.known import ADOBE
from relume.io.metadata import ifd
from relume.io.metadata.ifd import Directory, Entry, Field, Layout, MalformedError
from relume.io.metadata.xmp import moved

IMAGE_DESCRIPTION, MAKE, MODEL, ORIENTATION = 0x010E, 0x010F, 0x0110, 0x0112
X_RESOLUTION, Y_RESOLUTION, RESOLUTION_UNIT = 0x011A, 0x011B, 0x0128
SOFTWARE, DATE_TIME, ARTIST, HOST_COMPUTER = 0x0131, 0x0132, 0x013B, 0x013C
THUMBNAIL_AT, THUMBNAIL_SIZE = 0x0201, 0x0202
EXIF_IFD, GPS_IFD, INTEROP_IFD, MAKER_NOTE = 0x8769, 0x8825, 0xA005, 0x927C
COLOUR_SPACE, PIXEL_WIDTH, PIXEL_HEIGHT = 0xA001, 0xA002, 0xA003
INTEROP_INDEX = 0x0001
SUBJECT_AREA, SUBJECT_LOCATION = 0x9214, 0xA214
TIME_TAKEN, PART_OF_SECOND = 0x9003, 0x9291

DESCRIPTIVE = frozenset(
    {IMAGE_DESCRIPTION, MAKE, MODEL, ORIENTATION, SOFTWARE, DATE_TIME, ARTIST, HOST_COMPUTER}
    | {0x010D, 0x011D, 0x4746, 0x4749, 0x8298}  # document, page, two ratings, copyright
    | set(range(0x9C9B, 0x9CA0))  # title, comment, author, keywords, subject as Windows writes them
)
"""Tags of a first directory that describe the picture and not how its samples are stored."""


LARGEST = 16 << 20
"""Bytes of values copied from one directory: hostile rows can all share one large value."""


def strip_prefix(blob: bytes) -> bytes:
    """Remove the "Exif\\0\\0" that some containers put before the TIFF header."""
    while blob[:6] == b"Exif\0\0":
        blob = blob[6:]
    return blob


def _first(blob: bytes | bytearray) -> tuple[Layout, Directory]:
    written = ifd.layout(blob)
    if written.big:
        raise MalformedError("EXIF is never a BigTIFF")
    return written, ifd.directory(blob, written, written.first)


def orientation(blob: bytes) -> int | None:
    """Return the orientation, 1–8, or None when the tag is absent or means nothing."""
    written, first = _first(blob)
    found = ifd.numbers(blob, written, first.get(ORIENTATION))
    return found[0] if found and 1 <= found[0] <= 8 else None


def captured(blob: bytes) -> float | None:
    """Return when a picture was taken, in seconds of its camera's clock, if it is stated."""
    written, first = _first(blob)
    for tag, table in _inner(blob, written, first):
        entry = table.get(TIME_TAKEN)
        if tag != EXIF_IFD or entry is None:
            continue
        text = ifd.value(blob, entry).split(b"\0")[0].decode("ascii", "replace").strip()
        part = table.get(PART_OF_SECOND)
        fraction = ifd.value(blob, part).split(b"\0")[0].strip() if part is not None else b""
        try:
            # No zone is stated: only differences mean something, so any zone will do.
            taken = datetime.strptime(text, "%Y:%m:%d %H:%M:%S").replace(tzinfo=UTC).timestamp()
        except ValueError:
            return None
        return taken + (float(f"0.{fraction.decode()}") if fraction.isdigit() else 0.0)
    return None


def dpi(blob: bytes) -> tuple[float, float] | None:
    """Return the resolution in pixels per inch, (horizontal, vertical), if it is stated."""
    written, first = _first(blob)
    return resolution(blob, written, first)


def resolution(blob: bytes, written: Layout, first: Directory) -> tuple[float, float] | None:
    """Read the resolution of a first directory in pixels per inch."""
    unit = ifd.numbers(blob, written, first.get(RESOLUTION_UNIT)) or (2,)
    across = ifd.numbers(blob, written, first.get(X_RESOLUTION))
    down = ifd.numbers(blob, written, first.get(Y_RESOLUTION))
    if unit[0] not in (2, 3) or len(across) != 2 or len(down) != 2:
        return None
    if not (across[0] and across[1] and down[0] and down[1]):
        return None
    scale = 2.54 if unit[0] == 3 else 1.0
    return scale * across[0] / across[1], scale * down[0] / down[1]


def colour(blob: bytes) -> Colour | None:
    """Return Adobe RGB where it is stated: the index R03 of DCF 2.0 (CIPA DC-009-2010, section
    3.2.2) beside an uncalibrated colour space; some cameras write the number 2 instead."""
    written, first = _first(blob)
    for at in ifd.numbers(blob, written, first.get(EXIF_IFD))[:1]:
        camera = ifd.directory(blob, written, at)
        space = ifd.numbers(blob, written, camera.get(COLOUR_SPACE))[:1]
        if space == (2,):
            return _ADOBE
        inner = ifd.numbers(blob, written, camera.get(INTEROP_IFD))[:1]
        if space == (0xFFFF,) and inner:
            table = ifd.directory(blob, written, inner[0])
            index = table.get(INTEROP_INDEX)
            if index is not None and ifd.value(blob, index)[:3] == b"R03":
                return _ADOBE
    return None


def with_colour(blob: bytes, stated: Colour) -> bytes:
    """Correct a statement of Adobe RGB beside pixels that mean something else."""
    if colour(blob) is None or stated.primaries == _ADOBE.primaries:
        return blob
    written, first = _first(blob)
    changed = bytearray(blob)
    for at in ifd.numbers(blob, written, first.get(EXIF_IFD))[:1]:
        camera = ifd.directory(blob, written, at)
        _set_number(changed, written, camera.get(COLOUR_SPACE), 1 if stated.is_srgb else 0xFFFF)
        for inner in ifd.numbers(blob, written, camera.get(INTEROP_IFD))[:1]:
            index = ifd.directory(blob, written, inner).get(INTEROP_INDEX)
            if index is not None and ifd.value(blob, index)[:3] == b"R03":
                changed[index.value_at : index.value_at + 3] = b"R98"
    return bytes(changed)


_ADOBE = Colour(ADOBE, Transfer("gamma 2.2", (Parametric(563 / 256),)), "EXIF")
"""Adobe RGB (1998), section 4.3.4.2: the exponent is 2.19921875."""


def upright(blob: bytes, *, size: tuple[int, int] | None, turned: int = 1) -> bytes:
    """Set the orientation to 1 and drop the thumbnail, which shows the picture as it was.

    `size` is the new (width, height) when the picture was turned by the orientation `turned`; the
    place of its subject turns with it.
    """
    written, first = _first(blob)
    changed = bytearray(blob)
    _set_number(changed, written, first.get(ORIENTATION), 1)
    if size is not None:
        for found in ifd.numbers(blob, written, first.get(EXIF_IFD))[:1]:
            camera = ifd.directory(blob, written, found)
            _turn_subject(changed, written, camera, size, turned)
            _set_number(changed, written, camera.get(PIXEL_WIDTH), size[0])
            _set_number(changed, written, camera.get(PIXEL_HEIGHT), size[1])
    if first.next:
        struct.pack_into(written.order + "I", changed, first.next_at, 0)
        del changed[_end_without_thumbnail(blob, written, first) :]
    return bytes(changed)


def _turn_subject(
    blob: bytearray, written: Layout, camera: Directory, size: tuple[int, int], turned: int
) -> None:
    """Turn SubjectArea, a point, circle or rectangle about its centre, and SubjectLocation."""
    wide, tall = size[::-1] if turned >= 5 else size
    for tag in (SUBJECT_AREA, SUBJECT_LOCATION):
        entry = camera.get(tag)
        if entry is None or entry.type != ifd.SHORT or not 2 <= entry.count <= 4:
            continue
        x, y, *extent = ifd.numbers(blob, written, entry)
        right, down = moved((x / wide, y / tall), turned)
        place = [round(right * size[0]), round(down * size[1])]
        extent = extent[::-1] if turned >= 5 else extent
        numbers = [min(max(number, 0), 0xFFFF) for number in (*place, *extent)]
        struct.pack_into(f"{written.order}{entry.count}H", blob, entry.value_at, *numbers)


def _set_number(blob: bytearray, written: Layout, entry: Entry | None, number: int) -> None:
    if entry is not None and entry.count == 1 and entry.type in (ifd.SHORT, ifd.LONG):
        code = "H" if entry.type == ifd.SHORT else "I"
        struct.pack_into(written.order + code, blob, entry.value_at, number)


def _end_without_thumbnail(blob: bytes, written: Layout, first: Directory) -> int:
    """Return where the blob may end: before the thumbnail, if nothing known lies behind it."""
    try:
        second = ifd.directory(blob, written, first.next)
        (at,) = ifd.numbers(blob, written, second.get(THUMBNAIL_AT))
        (size,) = ifd.numbers(blob, written, second.get(THUMBNAIL_SIZE))
        known = [first, *(found for _, found in _inner(blob, written, first))]
    except ValueError:  # a second directory that makes no sense, or holds no thumbnail
        return len(blob)
    ends = [max([one.next_at + 4, *(e.value_at + e.size for e in one.entries)]) for one in known]
    # Some cameras pad the blob to an even or fourfold size.
    behind = blob[at + size :].strip(b"\0")
    return at if at >= max(ends) and at + size <= len(blob) and not behind else len(blob)


def _inner(blob: bytes, written: Layout, first: Directory) -> list[tuple[int, Directory]]:
    """Return the directories that the first one points to, with their tags."""
    found: list[tuple[int, Directory]] = []
    for tag in (EXIF_IFD, GPS_IFD):
        at = ifd.numbers(blob, written, first.get(tag))
        if at:
            found.append((tag, ifd.directory(blob, written, at[0])))
    return found


def with_software(blob: bytes | None, software: str) -> bytes:
    """Name the program that wrote the file (tag 0x0131)."""
    text = software.encode("ascii", "replace") + b"\0"
    note = Field(SOFTWARE, ifd.ASCII, len(text), text)
    if blob is None:
        return ifd.header("<", 8) + ifd.pack("<", [note], at=8)
    written, first = _first(blob)
    old = first.get(SOFTWARE)
    if old is not None and _is_apart(old, first, len(blob)) and 4 < len(text) <= old.size:
        changed = bytearray(blob)
        changed[old.value_at : old.value_at + old.size] = text.ljust(old.size, b"\0")
        struct.pack_into(written.order + "I", changed, old.at + 4, len(text))
        return bytes(changed)
    return _with_first(blob, written, first, [*without(first, SOFTWARE), note])


def _is_apart(entry: Entry, table: Directory, size: int) -> bool:
    """Whether a text lies inside a blob of this size and on neither its header nor the table."""
    end = entry.value_at + entry.size
    on_table = table.at < end and entry.value_at < table.next_at + 4
    return entry.type == ifd.ASCII and entry.value_at >= 8 and end <= size and not on_table


def without(table: Directory, *tags: int) -> list[Entry]:
    """Return the entries of other tags."""
    return [entry for entry in table.entries if entry.tag not in tags]


def without_orientation(blob: bytes) -> bytes:
    """Remove the orientation tag, for containers that state it themselves."""
    written, first = _first(blob)
    if first.get(ORIENTATION) is None:
        return blob
    return _with_first(blob, written, first, without(first, ORIENTATION))


def _with_first(
    blob: bytes, written: Layout, first: Directory, rows: Sequence[Entry | Field]
) -> bytes:
    """Write another first directory at the end and point the header to it."""
    kept = blob + b"\0" * (len(blob) % 2)
    table = ifd.pack(written.order, rows, at=len(kept), following=first.next)
    return ifd.header(written.order, len(kept)) + kept[8:] + table


def extract(
    blob: bytes, written: Layout, first: Directory, *, leave: frozenset[int] = frozenset()
) -> bytes | None:
    """Copy what describes the picture out of a TIFF structure into a new blob, except some tags.

    A maker note is copied too, but no longer lies at its offset.
    """
    order = written.order
    packed = bytearray(8)
    fields = fields_of(blob, [entry for entry in first.entries if entry.tag in DESCRIPTIVE])
    for tag, table in _inner(blob, written, first):
        # The interoperability directory repeats what the colour space tag says.
        inner = fields_of(blob, without(table, INTEROP_IFD, *leave))
        fields.append(ifd.field(order, tag, ifd.LONG, len(packed)))
        packed += ifd.pack(order, inner, at=len(packed))
    if not fields:
        return None
    packed[:8] = ifd.header(order, len(packed))
    return bytes(packed + ifd.pack(order, fields, at=len(packed)))


def fields_of(blob: bytes, entries: list[Entry]) -> list[Field]:
    """Copy entries with their values, leaving out those whose values are not there."""
    copied: list[Field] = []
    room = LARGEST
    for entry in entries:
        # Types from 16 on exist in BigTIFF only: readers of EXIF would not know them.
        if entry.type >= 16 or entry.size > room:
            continue
        try:
            copied.append(Field(entry.tag, entry.type, entry.count, ifd.value(blob, entry)))
        except MalformedError:
            continue
        room -= entry.size
    return copied


def compact(blob: bytes) -> bytes | None:
    """Write a smaller blob without maker note, thumbnail and unused bytes."""
    written, first = _first(blob)
    return extract(blob, written, first, leave=frozenset({MAKER_NOTE}))
