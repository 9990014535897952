"""Names in HEIF files are text, or the file is refused before a library takes them for it."""

from __future__ import annotations

import struct

import pytest

from relume.io.metadata import heif


def box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(content), kind) + content


def item(text: bytes, *, version: int) -> bytes:
    head = bytes([version, 0, 0, 0]) + (b"\0\0" if version > 2 else b"") + b"\0\1\0\0"
    return box(b"infe", head + text)


def boxes(*inside: bytes) -> bytes:
    """A file of names alone, in which there is no picture."""
    return box(b"ftyp", b"heic\0\0\0\0") + box(b"meta", b"\0\0\0\0" + b"".join(inside))


@pytest.mark.parametrize("version", [2, 3])
def test_kinds_and_names_of_items(version):
    heif.check_texts(boxes(item(b"Exif\0", version=version), item("mimeé\0".encode(), version=2)))
    with pytest.raises(ValueError, match="no text"):
        heif.check_texts(boxes(item(b"Exif\0", version=2), item(b"E\xccif\0", version=version)))


def test_kinds_of_auxiliary_pictures():
    kind = b"urn:com:apple:photo:2020:aux:hdrgainmap\0"
    heif.check_texts(boxes(box(b"auxC", b"\0\0\0\0" + kind + b"\xff\xfe")))
    with pytest.raises(ValueError, match="no text"):
        heif.check_texts(boxes(box(b"auxC", b"\0\0\0\0urn:\xff\0")))


def test_samples_are_not_looked_into():
    heif.check_texts(
        boxes(item(b"hvc1\0", version=2)) + box(b"mdat", item(b"\xff\xff\xff", version=2))
    )
