"""Primaries and transfers that have names, with the numbers ITU-T H.273 gives them.

Source: ITU-T H.273 (2024), tables 2 and 3; Adobe RGB (1998) Color Image Encoding, section 4.3;
ISO 22028-2:2013 (ROMM RGB, called ProPhoto RGB).
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from relume.colour_statement import curves
from relume.colour_statement.curves import Curve, HybridLog, Parametric, Quantizer
from relume.frozen import frozen

Place: TypeAlias = tuple[float, float]
"""CIE 1931 x and y."""
Matrix: TypeAlias = NDArray[np.float64]
"""(3, 3)."""

UNSPECIFIED = 2
"""H.273: no number, or none that was told."""

D65: Place = (0.3127, 0.3290)
D50: Place = (0.3457, 0.3585)
_C: Place = (0.310, 0.316)

_BRADFORD = np.array(
    [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]
)
"""ICC.1:2022, annex E.3."""
_PCS_WHITE = np.array([0.9642, 1.0, 0.8249])
"""D50 as profiles state it. ICC.1:2022, section 7.2.16."""

CLOSE = 0.004
"""Chromaticities no farther apart are one: profiles round theirs, and those of standards that
differ are at least 0.01 apart."""
_ROUNDED = 0.0005
"""What 16 bits after the point leave of a chromaticity."""


@frozen
class Primaries:
    """Which red, green, blue and white a picture's numbers mean."""

    name: str
    red: Place
    green: Place
    blue: Place
    white: Place
    code: int = UNSPECIFIED
    """H.273, table 2."""

    def near(self, other: Primaries, *, within: float = CLOSE) -> bool:
        """Whether both mean the same colours, each seen under its own white as profiles do."""
        return bool(np.abs(_under_d50(self) - _under_d50(other)).max() < within)

    def to_pcs(self) -> Matrix:
        """Return the matrix from linear RGB to CIE XYZ under D50, by Bradford's adaptation."""
        columns = np.stack([xyz(place) for place in (self.red, self.green, self.blue)], axis=1)
        native = columns * np.linalg.solve(columns, xyz(self.white))
        return adaptation(self.white) @ native


@frozen
class Transfer:
    """How a picture's numbers stand for light."""

    name: str
    curves: tuple[Curve, ...]
    """One for all channels, or one each for red, green and blue."""
    code: int = UNSPECIFIED
    """H.273, table 3."""

    @property
    def peak(self) -> float:
        """The most light, relative to diffuse white: above 1 it is HDR."""
        return max(curve.peak for curve in self.curves)

    def near(self, other: Transfer) -> bool:
        """Whether both mean the same light."""
        pairs = zip(self.of_channels(), other.of_channels(), strict=True)
        return all(curves.near(one, two) for one, two in pairs)

    def of_channels(self) -> tuple[Curve, Curve, Curve]:
        """Return the curves of red, green and blue."""
        first, *rest = self.curves
        return (first, rest[0], rest[1]) if rest else (first, first, first)


@lru_cache(maxsize=64)
def _under_d50(primaries: Primaries) -> Matrix:
    columns = primaries.to_pcs()
    return columns[:2] / columns.sum(axis=0)


def xyz(place: Place) -> NDArray[np.float64]:
    """Return the XYZ of a chromaticity with Y = 1."""
    x, y = place
    return np.array([x / y, 1.0, (1.0 - x - y) / y])


def adaptation(white: Place) -> Matrix:
    """Return Bradford's matrix from a white to that of profiles, D50."""
    ratio = (_BRADFORD @ _PCS_WHITE) / (_BRADFORD @ xyz(white))
    return np.linalg.inv(_BRADFORD) @ (ratio[:, None] * _BRADFORD)


BT709 = Primaries("BT.709", (0.640, 0.330), (0.300, 0.600), (0.150, 0.060), D65, 1)
P3_D65 = Primaries("P3-D65", (0.680, 0.320), (0.265, 0.690), (0.150, 0.060), D65, 12)
BT2020 = Primaries("BT.2020", (0.708, 0.292), (0.170, 0.797), (0.131, 0.046), D65, 9)
ADOBE = Primaries("Adobe RGB (1998)", (0.640, 0.330), (0.210, 0.710), (0.150, 0.060), D65)
PROPHOTO = Primaries("ProPhoto RGB", (0.7347, 0.2653), (0.1596, 0.8404), (0.0366, 0.0001), D50)

PRIMARIES: dict[int, Primaries] = {
    one.code: one
    for one in (
        BT709,
        Primaries("BT.470 M", (0.67, 0.33), (0.21, 0.71), (0.14, 0.08), _C, 4),
        Primaries("BT.601 625", (0.64, 0.33), (0.29, 0.60), (0.15, 0.06), D65, 5),
        Primaries("BT.601 525", (0.630, 0.340), (0.310, 0.595), (0.155, 0.070), D65, 6),
        Primaries("SMPTE 240M", (0.630, 0.340), (0.310, 0.595), (0.155, 0.070), D65, 7),
        Primaries("film", (0.681, 0.319), (0.243, 0.692), (0.145, 0.049), _C, 8),
        BT2020,
        Primaries("P3-DCI", (0.680, 0.320), (0.265, 0.690), (0.150, 0.060), (0.314, 0.351), 11),
        P3_D65,
        Primaries("EBU 3213", (0.630, 0.340), (0.295, 0.605), (0.155, 0.077), D65, 22),
    )
}
"""By their number in H.273; 10, which is CIE XYZ itself, is no RGB."""

SRGB_CURVE = Transfer("sRGB", (curves.SRGB,), 13)
LINEAR = Transfer("linear", (curves.LINEAR,), 8)
PQ = Transfer("PQ", (Quantizer(),), 16)
HLG = Transfer("HLG", (HybridLog(),), 18)

TRANSFERS: dict[int, Transfer] = {
    one.code: one
    for one in (
        *(Transfer("BT.709", (curves.CAMERA,), code) for code in (1, 6, 14, 15)),
        Transfer("gamma 2.2", (Parametric(2.2),), 4),
        Transfer("gamma 2.8", (Parametric(2.8),), 5),
        Transfer(
            "SMPTE 240M", (Parametric(1 / 0.45, 1 / 1.1115, 0.1115 / 1.1115, 0.25, 0.0912),), 7
        ),
        LINEAR,
        SRGB_CURVE,
        PQ,
        HLG,
    )
}
"""By their number in H.273; 9 to 12, for film scans and negative light, and 17, for
cinemas, are not known here."""

_NAMED_PRIMARIES = (BT709, P3_D65, BT2020, ADOBE, PROPHOTO, *PRIMARIES.values())
_NAMED_TRANSFERS = (SRGB_CURVE, LINEAR, TRANSFERS[1], TRANSFERS[4])


def named_primaries(found: Primaries) -> Primaries:
    """Return the known primaries that these are, or these with their name and number where they
    are not quite: places that were rounded more stay where they are."""
    for known in _NAMED_PRIMARIES:
        if found.near(known, within=_ROUNDED):
            return known
        if found.near(known):
            return replace(found, name=known.name, code=known.code)
    return found


def named_transfer(found: tuple[Curve, ...]) -> Transfer:
    """Give curves the name and number of the known ones that they are."""
    unnamed = Transfer(f"about gamma {curves.mean_gamma(found[0]):.2f}", found)
    if len(found) == 1 and isinstance(found[0], Parametric) and found[0] == Parametric(found[0].g):
        unnamed = Transfer(f"gamma {found[0].g:.4g}", found)
    for known in _NAMED_TRANSFERS:
        if unnamed.near(known):
            return Transfer(known.name, found, known.code)
    return unnamed
