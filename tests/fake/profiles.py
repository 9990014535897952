"""A profile that says all by tables, as those of scanners and printers do."""

from __future__ import annotations

import struct

import numpy as np

from relume.colour_statement.curves import SRGB
from relume.colour_statement.known import BT709

_ENTRIES = 2048
_ONE = 32768
"""1 in the XYZ of a profile. ICC.1:2022, table 25."""


def swapped() -> bytes:
    """Return a profile with A2B0 and B2A0 whose numbers are blue, green and red of sRGB."""
    to_pcs = BT709.to_pcs()
    decode = SRGB.decode(np.linspace(0, 1, _ENTRIES)) * 65535
    encode = SRGB.encode(np.linspace(0, 1, _ENTRIES)) * 65535
    straight = np.array([0, 65535])
    corners = np.array([(b, g, r) for b in (0, 1) for g in (0, 1) for r in (0, 1)])
    forth = _lut(np.eye(3), decode, corners[:, ::-1] @ to_pcs.T * _ONE, straight)
    inverse = np.linalg.inv(to_pcs) * 65535 / _ONE
    back = _lut(inverse, straight, corners[:, ::-1] * 65535, encode)
    white = b"XYZ \0\0\0\0" + struct.pack(">3i", 63190, 65536, 54061)
    tags = [(b"A2B0", forth), (b"B2A0", back), (b"wtpt", white)]
    start = 132 + 12 * len(tags)
    table, data = struct.pack(">I", len(tags)), b""
    for name, content in tags:
        table += struct.pack(">4sII", name, start + len(data), len(content))
        data += content + b"\0" * (-len(content) % 4)
    header = struct.pack(
        ">I4sI4s4s4s", start + len(data), b"\0" * 4, 0x02400000, b"scnr", b"RGB ", b"XYZ "
    )
    header += struct.pack(">6H4s", 1999, 10, 1, 0, 0, 0, b"acsp") + b"\0" * 28 + white[8:]
    return header.ljust(128, b"\0") + table + data


def _lut(matrix: np.ndarray, before: np.ndarray, corners: np.ndarray, after: np.ndarray) -> bytes:
    """ICC.1:2022, section 10.10: lut16Type with two grid points a side."""
    fixed = struct.pack(">9i", *(round(number * 65536) for number in matrix.flat))
    words = [*(before,) * 3, corners, *(after,) * 3]
    values = b"".join(np.rint(np.clip(one, 0, 65535)).astype(">u2").tobytes() for one in words)
    return b"mft2\0\0\0\0\3\3\2\0" + fixed + struct.pack(">HH", len(before), len(after)) + values
