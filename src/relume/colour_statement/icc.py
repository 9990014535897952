"""ICC profiles, read: primaries and curve of those that have them, by numbers and not by name.

Source: ICC.1:2022, sections 7 (header, tag table), 8.3–8.5 (which tags a class needs), 10.6, 10.18
and 10.31 (curves and XYZ), annex F.3 (matrix and curve).
"""

from __future__ import annotations

import struct
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from relume.colour_statement import Colour, known
from relume.colour_statement.curves import Curve, Parametric, Sampled
from relume.colour_statement.known import D50, D65, Place, Primaries, adaptation

BY_PROFILE = "ICC profile"
LARGEST_TABLE = 1 << 16
"""Entries of a curve; a table for 16-bit samples has as many."""

_TABLES = (b"A2B0", b"A2B1", b"D2B0", b"D2B1")
_PARAMETERS = {0: 1, 1: 3, 2: 4, 3: 5, 4: 7}


def colour_space(profile: bytes) -> str | None:
    """Return "RGB", "GRAY", "CMYK" …, or None when this is no ICC profile."""
    if len(profile) < 132 or profile[36:40] != b"acsp":
        return None
    return profile[16:20].decode("latin-1").strip()


@lru_cache(maxsize=32)
def of_profile(profile: bytes) -> Colour | None:
    """Return what a profile of RGB or gray states; None when it makes no sense.

    A profile that describes its colours by tables alone has no primaries.
    """
    space = colour_space(profile)
    if space not in ("RGB", "GRAY"):
        return None
    try:
        tags = _tags(profile)
        if space == "GRAY":
            transfer = known.named_transfer((_curve(tags[b"kTRC"]),))
            return Colour(known.BT709, transfer, BY_PROFILE)
        if b"cicp" in tags and len(tags[b"cicp"]) >= 12:
            stated = _of_codes(tags[b"cicp"])
            if stated is not None:
                return stated
        if any(name in tags for name in _TABLES):
            return Colour(None, None, BY_PROFILE)
        curves = tuple(_curve(tags[name]) for name in (b"rTRC", b"gTRC", b"bTRC"))
        primaries = known.named_primaries(_primaries(tags))
    except (KeyError, struct.error, ValueError, ZeroDivisionError, np.linalg.LinAlgError):
        return None
    same = curves[:1] if curves[0] == curves[1] == curves[2] else curves
    return Colour(primaries, known.named_transfer(same), BY_PROFILE)


def _tags(profile: bytes) -> dict[bytes, bytes]:
    (count,) = struct.unpack_from(">I", profile, 128)
    found: dict[bytes, bytes] = {}
    for number in range(min(count, 100)):  # the registered ones are fewer
        name, at, size = struct.unpack_from(">4sII", profile, 132 + 12 * number)
        if at + size > len(profile):
            raise ValueError(f"the tag {name!r} lies outside the profile")
        found[name] = profile[at : at + size]
    return found


def _of_codes(tag: bytes) -> Colour | None:
    from relume.colour_statement import of_codes

    return of_codes(tag[8], tag[9], by=BY_PROFILE)


def _curve(tag: bytes) -> Curve:
    if tag[:4] == b"curv":
        (count,) = struct.unpack_from(">I", tag, 8)
        if count > LARGEST_TABLE:
            raise ValueError("a curve is too long")
        values = struct.unpack_from(f">{count}H", tag, 12)
        if count == 0:
            return Parametric(1.0)
        if count == 1:
            return Parametric(_exponent(values[0] / 256))
        return Sampled(tuple(value / 65535 for value in values))
    if tag[:4] != b"para":
        raise ValueError("a curve of an unknown type")
    (kind,) = struct.unpack_from(">H", tag, 8)
    numbers = [part / 65536 for part in struct.unpack_from(f">{_PARAMETERS[kind]}i", tag, 12)]
    _exponent(numbers[0])
    match kind, numbers:
        case 0, [g]:
            return Parametric(g)
        case 1, [g, a, b]:
            return Parametric(g, a, b, d=-b / a)
        case 2, [g, a, b, c]:
            return Parametric(g, a, b, d=-b / a, e=c, f=c)
        case _:
            if numbers[1] == 0:
                raise ValueError("a curve that stands still")
            return Parametric(*numbers)


def _exponent(gamma: float) -> float:
    if not 0.1 < gamma < 10:
        raise ValueError(f"a curve with the exponent {gamma:g}")
    return gamma


def _xyz(tag: bytes) -> NDArray[np.floating[Any]]:
    return np.array(struct.unpack_from(">3i", tag, 8)) / 65536


def _primaries(tags: dict[bytes, bytes]) -> Primaries:
    """Undo the adaptation to D50 that colorants in a profile went through."""
    columns = np.stack([_xyz(tags[name]) for name in (b"rXYZ", b"gXYZ", b"bXYZ")], axis=1)
    if not 0.9 < columns[1].sum() < 1.1 or abs(np.linalg.det(columns)) < 1e-4:
        raise ValueError("colorants that make no white")
    if b"chad" in tags:
        adapted = np.array(struct.unpack_from(">9i", tags[b"chad"], 8)).reshape(3, 3) / 65536
        native = np.linalg.solve(adapted, columns)
    else:
        # Version 2 states the white it was made for; a few state D50 for a screen of D65, which is
        # told by nothing: those are taken at their word.
        white = _place(_xyz(tags[b"wtpt"])) if b"wtpt" in tags else D65
        white = white if np.hypot(white[0] - D50[0], white[1] - D50[1]) > 0.002 else D50
        native = np.linalg.solve(adaptation(white), columns)
    red, green, blue = (_place(native[:, channel]) for channel in range(3))
    return Primaries("primaries of its own", red, green, blue, _place(native.sum(axis=1)))


def _place(xyz: NDArray[np.floating[Any]]) -> Place:
    total = float(xyz.sum())
    if abs(total) < 1e-6:
        raise ValueError("a colour without light")
    return float(xyz[0]) / total, float(xyz[1]) / total
