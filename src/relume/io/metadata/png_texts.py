"""Texts in PNG chunks, and the EXIF, XMP and IPTC that older programs hid in them.

Source: PNG specification, third edition (W3C, 2025), section 11.3.3; the "Raw profile type" texts
of ImageMagick, as exiv2 and exiftool read and write them: a name, a size, and hexadecimal digits.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator

TEXT_KINDS = frozenset((b"tEXt", b"zTXt", b"iTXt"))
XMP = "XML:com.adobe.xmp"
RAW = "Raw profile type "
MOST = 1000
"""Texts of one file that are read."""

Unfold = Callable[[bytes], bytes]


def text(kind: bytes, content: bytes, unfold: Unfold) -> tuple[str, str] | None:
    """Return keyword and text of a chunk; None for one that is damaged."""
    keyword, mark, rest = content.partition(b"\0")
    if not mark or not keyword:
        return None
    try:
        if kind == b"iTXt":
            packed = rest[:1] == b"\1"
            words = rest[2:].partition(b"\0")[2].partition(b"\0")[2]
            return keyword.decode("latin-1"), (unfold(words) if packed else words).decode()
        words = unfold(rest[1:]) if kind == b"zTXt" else rest
    except (zlib.error, ValueError):
        return None
    return keyword.decode("latin-1"), words.decode("latin-1")


def raw_profile(words: str) -> bytes:
    """Return the bytes of a "Raw profile type" text; none for one that is damaged."""
    parts = words.split(maxsplit=2)
    try:
        size, data = int(parts[1]), bytes.fromhex(parts[2])
    except (IndexError, ValueError):
        return b""
    return data if len(data) == size else b""


def as_raw_profile(name: str, data: bytes) -> tuple[str, str]:
    """Return keyword and text that hold bytes."""
    digits = data.hex()
    lines = "\n".join(digits[at : at + 72] for at in range(0, len(digits), 72))
    return f"{RAW}{name}", f"\n{name}\n{len(data):8d}\n{lines}\n"


def chunk(keyword: str, words: str) -> Iterator[tuple[bytes, bytes]]:
    """Yield kind and content of the chunk for a text; none for a keyword that PNG cannot hold."""
    name = keyword.encode("latin-1", "replace")[:79].strip()
    if not name or b"\0" in name:
        return
    if keyword.startswith(RAW):
        yield b"zTXt", name + b"\0\0" + zlib.compress(words.encode("latin-1", "replace"))
        return
    try:
        plain = words.encode("latin-1")
    except UnicodeEncodeError:
        yield b"iTXt", name + b"\0\0\0\0\0" + words.encode("utf-8", "replace")
        return
    if b"\0" not in plain:
        yield b"tEXt", name + b"\0" + plain
