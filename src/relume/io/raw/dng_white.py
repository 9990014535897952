"""The colour of gray in a DNG: stated by the camera, or found from the chromaticity of white.

neutral = AsShotNeutral, or AB · CC · CM · XYZ(x, y), with the matrices of both calibrations mixed
by the inverse of the correlated colour temperature.

Source: DNG 1.7 (2023), chapter 6; McCamy 1992 (doi 10.1002/col.5080170211) for the temperature.
"""

from __future__ import annotations

import struct
from math import isfinite

import numpy as np
from numpy.typing import NDArray

from relume.io.metadata import ifd
from relume.io.metadata.ifd import Directory, Layout, MalformedError

NEUTRAL, WHITE_XY, ANALOG_BALANCE = 50728, 50729, 50727
MATRICES, CALIBRATIONS, ILLUMINANTS = (50721, 50722), (50723, 50724), (50778, 50779)
_NOBODYS = 65535
"""A tag that means nothing."""

_KELVIN = {1: 5500, 2: 4230, 3: 2850, 4: 5500, 9: 5500, 10: 6500, 11: 7500, 12: 6430, 13: 5000,
           14: 4230, 15: 3450, 17: 2856, 18: 4874, 19: 6774, 20: 5503, 21: 6504, 22: 7504,
           23: 5003, 24: 3200}  # fmt: skip
"""Light sources of EXIF → their correlated colour temperatures."""


def neutral(data: bytes, written: Layout, first: Directory) -> tuple[float, float, float] | None:
    """Return camera RGB of gray, all above 0; None where nothing usable is stated."""
    found = ifd.reals(data, written, first.get(NEUTRAL))
    chromaticity = ifd.reals(data, written, first.get(WHITE_XY))
    if len(found) != 3 and len(chromaticity) == 2 and chromaticity[1] > 0:
        x, y = chromaticity
        matrix = _matrix(data, written, first, x, y)
        if matrix is None:
            return None
        found = tuple(map(float, matrix @ (x / y, 1.0, (1.0 - x - y) / y)))
    if len(found) != 3 or not all(map(isfinite, found)) or min(found) <= 0:
        return None
    return found[0], found[1], found[2]


def without_chromaticity(data: bytes) -> bytes:
    """Take AsShotWhiteXY out, in which LibRaw sees other colours than in the same white stated as
    AsShotNeutral; what is no DNG stays as it is."""
    try:
        written = ifd.layout(data)
        entry = ifd.directory(data, written, written.first).get(WHITE_XY)
    except MalformedError:
        return data
    if entry is None:
        return data
    changed = bytearray(data)
    struct.pack_into(written.order + "H", changed, entry.at, _NOBODYS)
    return bytes(changed)


def _matrix(
    data: bytes, written: Layout, first: Directory, x: float, y: float
) -> NDArray[np.float64] | None:
    """Return XYZ → camera RGB under light of a chromaticity."""
    whole: list[NDArray[np.float64]] = []
    kelvin: list[float] = []
    for matrix, calibration, illuminant in zip(MATRICES, CALIBRATIONS, ILLUMINANTS, strict=True):
        stated = ifd.reals(data, written, first.get(matrix))
        if len(stated) != 9:
            continue
        own = ifd.reals(data, written, first.get(calibration))
        camera = np.reshape(own, (3, 3)) if len(own) == 9 else np.eye(3)
        whole.append(camera @ np.reshape(stated, (3, 3)))
        named = (ifd.numbers(data, written, first.get(illuminant)) or (0,))[0]
        kelvin.append(float(_KELVIN.get(named, 0)))
    if not whole:
        return None
    mixed = whole[-1]
    if len(whole) == 2 and min(kelvin) > 0 and kelvin[0] != kelvin[1]:
        inverse = 1.0 / _temperature(x, y)
        share = (inverse - 1 / kelvin[1]) / (1 / kelvin[0] - 1 / kelvin[1])
        share = min(max(share, 0.0), 1.0)
        mixed = share * whole[0] + (1 - share) * whole[1]
    balance = ifd.reals(data, written, first.get(ANALOG_BALANCE))
    return np.diag(balance) @ mixed if len(balance) == 3 else mixed


def _temperature(x: float, y: float) -> float:
    """Return the correlated colour temperature of a chromaticity, 1000 to 50000 kelvin."""
    n = (x - 0.3320) / (0.1858 - y) if y != 0.1858 else 0.0
    return min(max(449 * n**3 + 3525 * n**2 + 6823.3 * n + 5520.33, 1e3), 5e4)
