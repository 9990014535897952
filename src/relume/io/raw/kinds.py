"""Telling camera RAW from other files: by its first bytes, and where those are a TIFF's, by what
its directories and its name say.

Source: TIFF/EP (ISO 12234-2:2001) and DNG 1.7 (2023) for the tags; the makers' own first bytes as
every RAW library knows them.
"""

from __future__ import annotations

from collections.abc import Iterator

from relume.io.metadata import ifd
from relume.io.metadata.boxes import brands
from relume.io.metadata.ifd import Directory, Layout, MalformedError
from relume.photo import Format

DNG = ".dng"
SUFFIXES = frozenset((
    DNG, ".3fr", ".arw", ".bay", ".cap", ".cr2", ".cr3", ".crw", ".dcr", ".dcs", ".erf", ".fff",
    ".iiq", ".k25", ".kdc", ".mef", ".mos", ".mrw", ".nef", ".nrw", ".orf", ".pef", ".ptx", ".r3d",
    ".raf", ".rw2", ".rwl", ".rwz", ".sr2", ".srf", ".srw", ".x3f",
))  # fmt: skip
"""Suffixes that nothing but camera RAW has."""

_MAGIC = (
    b"II\x1a\0\0\0HEAPCCDR",  # Canon CRW
    b"FUJIFILMCCD-RAW",
    b"IIRO", b"IIRS", b"MMOR",  # Olympus
    b"IIU\0",  # Panasonic, Leica
    b"FOVb",  # Sigma
    b"\0MRM",  # Minolta
)  # fmt: skip

NEW_SUBFILE, PHOTOMETRIC, SUB_IFDS, DNG_VERSION = 254, 262, 330, 50706
_SENSOR = {32803, 34892}
"""Photometric interpretations: a colour filter array, linear RAW."""
_MOST = 16
"""Directories looked into; a hostile file could chain them without end."""


def has_magic(first: bytes) -> bool:
    """Whether a file that begins so can be nothing but camera RAW."""
    is_canon = first[:4] in (b"II*\0", b"MM\0*") and first[8:10] == b"CR"
    return first.startswith(_MAGIC) or is_canon or brands(first)[:1] == (b"crx ",)


def recognise(data: bytes, suffix: str) -> Format | None:
    """Tell camera RAW by its bytes and, where they do not say, by its lower-case suffix."""
    if has_magic(data[:64]):
        return "raw"
    try:
        written = ifd.layout(data)
        first = ifd.directory(data, written, written.first)
    except MalformedError:
        return None
    if first.get(DNG_VERSION) is not None:
        return "dng"
    return "raw" if suffix in SUFFIXES or _is_raw(data, written, first) else None


def _is_raw(data: bytes, written: Layout, first: Directory) -> bool:
    """Many makers' RAW files are TIFF files whose first picture is a thumbnail."""
    subfile = ifd.numbers(data, written, first.get(NEW_SUBFILE)) or (0,)
    if subfile[0] & 1 and first.get(SUB_IFDS) is not None:
        return True
    try:
        return any(
            ifd.numbers(data, written, table.get(PHOTOMETRIC))[:1] in [(one,) for one in _SENSOR]
            for table in _directories(data, written, first)
        )
    except MalformedError:
        return False


def _directories(data: bytes, written: Layout, first: Directory) -> Iterator[Directory]:
    yield first
    for at in ifd.numbers(data, written, first.get(SUB_IFDS))[:_MOST]:
        yield ifd.directory(data, written, at)
