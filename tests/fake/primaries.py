"""Colour profiles of other primaries than sRGB: a matrix and a power (ICC.1:2022, 8.3.3)."""

from __future__ import annotations

import struct

Primary = tuple[float, float, float]

DISPLAY_P3 = ((0.5151, 0.2412, -0.0011), (0.2919, 0.6922, 0.0419), (0.1572, 0.0666, 0.7841))
ADOBE_RGB = ((0.6097, 0.3111, 0.0195), (0.2053, 0.6257, 0.0609), (0.1492, 0.0632, 0.7446))
"""XYZ of red, green and blue, adapted to D50."""


def profile(primaries: tuple[Primary, Primary, Primary], *, gamma: float, name: str) -> bytes:
    """Return a display profile of version 2."""

    def place(xyz: Primary) -> bytes:
        return b"XYZ \0\0\0\0" + b"".join(struct.pack(">i", round(65536 * each)) for each in xyz)

    title = name.encode("ascii") + b"\0"
    curve = b"curv\0\0\0\0" + struct.pack(">IHH", 1, round(256 * gamma), 0)
    words = b"desc\0\0\0\0" + struct.pack(">I", len(title)) + title + bytes(78)
    tags = [
        (b"desc", words + bytes(-len(words) % 4)),
        (b"cprt", b"text\0\0\0\0none\0\0\0\0"),
        (b"wtpt", place((0.9642, 1.0, 0.8249))),
        *(
            (letter + b"XYZ", place(one))
            for letter, one in zip((b"r", b"g", b"b"), primaries, strict=True)
        ),
        *((letter + b"TRC", curve) for letter in (b"r", b"g", b"b")),
    ]
    at, table, body = 132 + 12 * len(tags), struct.pack(">I", len(tags)), b""
    for tag, content in tags:
        table += tag + struct.pack(">II", at + len(body), len(content))
        body += content
    head = struct.pack(">I4sI", 132 + 12 * len(tags) - 4 + 4 + len(body), b"\0\0\0\0", 0x02400000)
    head += b"mntrRGB XYZ " + struct.pack(">6H", 2026, 1, 1, 0, 0, 0) + b"acsp" + bytes(28)
    head += struct.pack(">3i", 63190, 65536, 54061) + bytes(48)
    return head + table + body
