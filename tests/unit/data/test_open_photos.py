"""The photographs behind `relume@open`: each with author and licence, and how they are read."""

from __future__ import annotations

import csv
import io
import struct
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

SCRIPTS = Path(__file__).parents[3] / "scripts"
FREE = frozenset(
    (
        *("CC0-1.0", "CC-BY-2.0", "CC-BY-3.0", "CC-BY-4.0", "CC-BY-SA-3.0", "CC-BY-SA-4.0"),
        *("FDL", "GPL-2+", "LGPL-3", "public domain"),
    )
)


@pytest.fixture(scope="module")
def script():
    sys.path.insert(0, str(SCRIPTS))
    try:
        import open_photos
    finally:
        sys.path.remove(str(SCRIPTS))
    return open_photos


def test_every_photograph_has_author_licence_and_source(script):
    with script.LIST.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines, delimiter="\t"))
    assert len(rows) >= 100
    assert all(all(value.strip() for value in row.values()) for row in rows)
    assert {row["licence"] for row in rows} <= FREE
    assert len({row["sha256"] for row in rows}) == len(rows)
    assert all(len(row["sha256"]) == 64 and int(row["sha256"], 16) >= 0 for row in rows)


def packed(files: dict[str, tuple[bytes, int]]) -> bytes:
    """Resources of format 3 with one folder, as Qt's compiler writes them; 1 is compressed."""
    names = data = b""
    nodes = [(0, 2, struct.pack(">II", 1, 1)), (0, 2, struct.pack(">II", len(files), 2))]
    places = {}
    for name in ("folder", *files):
        places[name] = len(names)
        names += struct.pack(">HI", len(name), 0) + name.encode("utf-16-be")
    for name, (content, flags) in files.items():
        stored = struct.pack(">I", len(content)) + zlib.compress(content) if flags else content
        nodes.append((places[name], flags, struct.pack(">HHI", 0, 1, len(data))))
        data += struct.pack(">I", len(stored)) + stored
    tree = b"".join(struct.pack(">IH", *node[:2]) + node[2] + bytes(8) for node in nodes)
    first = 24
    head = struct.pack(">IIIII", 3, first, first + len(tree), first + len(tree) + len(data), 0)
    return b"qres" + head + tree + data + names


def test_resources_of_qt_are_read(script):
    files = {"a.webp": (b"one" * 50, 1), "é.jpg": (b"two", 0)}
    found = dict(script.resources(packed(files)))
    assert found == {f"folder/{name}": content for name, (content, _) in files.items()}
    with pytest.raises(SystemExit, match="another format"):
        script.resources(b"qres" + bytes(40))


def test_a_photograph_becomes_rgb_of_the_size_that_teaches(script):
    buffer = io.BytesIO()
    Image.fromarray(np.full((600, 2400), 90, np.uint8)).save(buffer, "PNG")
    made = script.prepared(buffer.getvalue())
    assert (made.mode, made.size) == ("RGB", (1200, 300))
    assert made.getpixel((7, 7)) == (90, 90, 90)
    small = script.prepared(saved(40))
    assert small.size == (40, 40)


def saved(side: int) -> bytes:
    buffer = io.BytesIO()
    Image.new("L", (side, side)).save(buffer, "PNG")
    return buffer.getvalue()
