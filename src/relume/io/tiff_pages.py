"""The pages of a TIFF file: which one is the picture, and what lies beside it.

Source: TIFF 6.0 (1992), sections 2 and 8; Adobe PageMaker 6.0 TIFF technical notes (1995) for
directories inside of others; Exif 2.32, section 4.5.1 for thumbnails.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from relume.frozen import frozen
from relume.io.metadata import ifd
from relume.io.metadata.ifd import Directory, Layout, MalformedError

SUBFILE, WIDTH, HEIGHT, SUB_IFDS = 254, 256, 257, 330
LAYERS = 37724
"""Adobe's ImageSourceData: the layers of which Photoshop, Affinity and others made the page."""
GEO_KEYS = 34735
REDUCED = 1
"""The bit of NewSubfileType for a smaller version of another page."""

THUMBNAIL = 512
"""Pixels of the longest side of what only stands for the picture in lists."""
PAGES = 100
"""Pages that are looked at for one that is no thumbnail."""


@frozen
class Page:
    """A page, and its place among those that follow one another; 0 for what is inside the first."""

    data: bytes
    written: Layout
    table: Directory
    number: int

    def numbers(self, tag: int) -> tuple[int, ...]:
        return ifd.numbers(self.data, self.written, self.table.get(tag))

    def ratios(self, tag: int) -> tuple[float, ...]:
        parts = self.numbers(tag)
        return tuple(a / b for a, b in zip(parts[::2], parts[1::2], strict=False) if b)

    def one(self, tag: int, default: int) -> int:
        return (self.numbers(tag) or (default,))[0]

    @property
    def is_reduced(self) -> bool:
        return bool(self.one(SUBFILE, 0) & REDUCED)

    @property
    def is_thumbnail(self) -> bool:
        return self.is_reduced and max(self.one(WIDTH, 0), self.one(HEIGHT, 0)) <= THUMBNAIL

    def alone(self) -> bytes:
        """Return the file with this page as its only one.

        libvips looks at all pages before it decodes one, and takes offence at a thumbnail as
        Exif 2.32 has them, which is no TIFF page but a JPEG in a directory of its own.
        """
        if self.table.at == self.written.first and not self.table.next:
            return self.data
        code, first_at = ("Q", 8) if self.written.big else ("I", 4)
        changed = bytearray(self.data)
        struct.pack_into(self.written.order + code, changed, first_at, self.table.at)
        struct.pack_into(self.written.order + code, changed, self.table.next_at, 0)
        return bytes(changed)


def chosen(data: bytes, notes: list[str]) -> Page:
    """Choose the first page that is no smaller version of another one."""
    written = ifd.layout(data)
    first = Page(data, written, ifd.directory(data, written, written.first), 0)
    found, others = first, list(_others(first))
    if first.is_reduced:
        found = next((each for each in others if each and not each.is_reduced), first)
    # Thumbnails would be wrong beside another picture, and nobody misses them.
    left = [each for each in (first, *others) if each is None or not each.is_thumbnail]
    if any(each is None or not each.is_reduced for each in left if each is not found):
        number = found.number
        only = "only the first page was read"
        notes.append(only if not number else f"only page {number + 1} was read, the full picture")
    elif any(each is not found for each in left):
        notes.append("smaller versions of the picture were not read")
    if found.table.get(LAYERS) is not None:
        notes.append("layers were not read, only the picture they make")
    if found.table.get(GEO_KEYS) is not None:
        notes.append("the place on a map was not read")
    return found


def _others(first: Page) -> Iterator[Page | None]:
    """Yield the pages inside of the first one, then those after it; None for one that is damaged,
    which is the last."""
    try:
        for at in first.numbers(SUB_IFDS):
            yield _checked(first, at, 0)
        at, number = first.table.next, 1
        while at and number < PAGES:
            page = _checked(first, at, number)
            yield page
            at, number = page.table.next, number + 1
    except MalformedError:
        yield None


def _checked(first: Page, at: int, number: int) -> Page:
    page = Page(first.data, first.written, ifd.directory(first.data, first.written, at), number)
    for tag in (SUBFILE, WIDTH, HEIGHT):
        page.numbers(tag)
    return page


def count(data: bytes, written: Layout) -> int:
    """Return how many pages follow one another, up to a limit."""
    at, many = written.first, 0
    while at and many < PAGES:
        try:
            at = ifd.directory(data, written, at).next
        except MalformedError:
            break
        many += 1
    return many
