"""ICC profiles, written: a few hundred bytes for any primaries and curve, the same each time.

Source: ICC.1:2022 (version 4.4): sections 7.2 (header), 8.3.3 and 8.4.3 (three-component matrix and
monochrome display profiles), 9.2 (tags), 10.
"""

from __future__ import annotations

import struct
from functools import lru_cache

import numpy as np

from relume.colour_statement import ASSUMED, Colour
from relume.colour_statement.curves import Curve, Parametric
from relume.colour_statement.known import adaptation

_VERSION = 0x04400000
_D50 = (0.9642, 1.0, 0.8249)
_DATE = (1999, 10, 1, 0, 0, 0)
"""That of the sRGB standard: the time of a call would make every file another one."""
_TABLE = 1024
"""Entries of a curve that has no parameters."""


def profile(colour: Colour) -> bytes:
    """Return a profile of RGB for a colour with primaries.

    Raises: ValueError for one without primaries, or with HDR light, which profiles of version 4
    cannot state by curves.
    """
    return _profile(colour.name, colour, False)


def gray_profile(colour: Colour) -> bytes:
    """Return a profile of gray pictures with the (green) curve of a colour."""
    name = "sRGB gray" if colour.is_srgb else f"gray, {colour.transfer and colour.transfer.name}"
    return _profile(name, ASSUMED if colour.is_srgb else colour, True)


@lru_cache(maxsize=16)
def _profile(name: str, colour: Colour, gray: bool) -> bytes:
    if colour.primaries is None or colour.transfer is None or colour.is_hdr:
        raise ValueError(f"no ICC profile states {colour.name}")
    curves = colour.transfer.of_channels()
    tags: list[tuple[bytes, bytes]] = [
        (b"desc", _text(name)),
        (b"cprt", _text("No copyright, use freely")),
        (b"wtpt", _xyz(*_D50)),
    ]
    if gray:
        tags.append((b"kTRC", _curve(curves[1])))
    else:
        tags.append((b"chad", b"sf32\0\0\0\0" + _fixed(*adaptation(colour.primaries.white).flat)))
        columns = colour.primaries.to_pcs().T
        tags += [(n, _xyz(*c)) for n, c in zip((b"rXYZ", b"gXYZ", b"bXYZ"), columns, strict=True)]
        tags += [(n, _curve(c)) for n, c in zip((b"rTRC", b"gTRC", b"bTRC"), curves, strict=True)]
    return _assembled(tags, b"GRAY" if gray else b"RGB ")


def _assembled(tags: list[tuple[bytes, bytes]], space: bytes) -> bytes:
    table = struct.pack(">I", len(tags))
    data = b""
    start = 128 + 4 + 12 * len(tags)
    places: dict[bytes, int] = {}  # equal tags share their place
    for name, content in tags:
        if content not in places:
            places[content] = start + len(data)
            data += content + b"\0" * (-len(content) % 4)
        table += struct.pack(">4sII", name, places[content], len(content))
    header = struct.pack(
        ">I4sI4s4s4s", start + len(data), b"\0" * 4, _VERSION, b"mntr", space, b"XYZ "
    )
    header += struct.pack(">6H4s", *_DATE, b"acsp") + b"\0" * 28
    return (header + _fixed(*_D50)).ljust(128, b"\0") + table + data


def _fixed(*numbers: float) -> bytes:
    return struct.pack(f">{len(numbers)}i", *(round(number * 65536) for number in numbers))


def _xyz(*numbers: float) -> bytes:
    return b"XYZ \0\0\0\0" + _fixed(*numbers)


def _text(text: str) -> bytes:
    raw = text.encode("utf-16-be")
    return b"mluc" + struct.pack(">III2s2sII", 0, 1, 12, b"en", b"US", len(raw), 28) + raw


def _curve(curve: Curve) -> bytes:
    if isinstance(curve, Parametric):
        c = curve
        if c == Parametric(c.g):
            return b"para" + struct.pack(">IHH", 0, 0, 0) + _fixed(c.g)
        return b"para" + struct.pack(">IHH", 0, 4, 0) + _fixed(c.g, c.a, c.b, c.c, c.d, c.e, c.f)
    light = curve.decode(np.linspace(0.0, 1.0, _TABLE))
    levels = np.rint(np.clip(light, 0.0, 1.0) * 65535).astype(">u2")
    return b"curv" + struct.pack(">II", 0, _TABLE) + levels.tobytes()
