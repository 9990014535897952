"""Colours as JPEG XL states them without a profile, and as relume does.

Source: ISO/IEC 18181-1 (2024), annex E.2; ITU-T H.273 (2024), tables 2 and 3.
"""

from __future__ import annotations

from relume.colour_statement import ASSUMED, Colour, of_codes
from relume.colour_statement.curves import Parametric
from relume.colour_statement.known import (
    BT709,
    D65,
    LINEAR,
    PRIMARIES,
    SRGB_CURVE,
    TRANSFERS,
    Place,
    Primaries,
    Transfer,
    named_primaries,
    named_transfer,
)
from relume.io.jxl.structures import CUSTOM, GAMMA, GRAY, RELATIVE, RGB, ColourEncoding

BY = "JPEG XL"
"""Who states a colour without a profile."""
NITS = {16: 10_000.0, 18: 1_000.0}
"""Transfer, PQ or HLG → the light of its largest sample in candela per square metre."""
SDR_NITS = 255.0
"""The same of other pictures, as libjxl has it."""

_WHITES: dict[int, Place] = {1: D65, 10: (1 / 3, 1 / 3), 11: (0.314, 0.351)}
_P3 = 11
"""The primaries of P3, whatever the white; H.273 has two numbers for two whites."""
_D65 = 1


def of_encoding(found: ColourEncoding) -> Colour | None:
    """Return what a file states by numbers; None where relume does not know it."""
    transfer = _transfer(found)
    white = _WHITES.get(found.white_point, (found.white[0], found.white[1]))
    if transfer is None or found.space not in (RGB, GRAY):
        return None
    if found.space == GRAY:
        return Colour(BT709, transfer, BY)
    if found.primaries == CUSTOM:
        red, green, blue = ((one[0], one[1]) for one in (found.red, found.green, found.blue))
    else:
        known = PRIMARIES.get(found.primaries)
        if known is None:
            return None
        red, green, blue = known.red, known.green, known.blue
    if not all(0 < y <= 1 and -1 < x < 2 for x, y in (red, green, blue, white)):
        return None
    own = Primaries("primaries of its own", red, green, blue, white)
    return Colour(named_primaries(own), transfer, BY)


def _transfer(found: ColourEncoding) -> Transfer | None:
    if found.transfer == GAMMA:
        # As the exponent that encodes, at least 1/8191.
        return named_transfer((Parametric(1.0 / found.gamma),)) if 0 < found.gamma <= 1 else None
    return TRANSFERS.get(found.transfer)


def encoding_of(colour: Colour, *, gray: bool) -> ColourEncoding | None:
    """Return how a file states a colour by numbers; None where it cannot but by a profile."""
    if colour.primaries is None or colour.transfer is None:
        return None
    made = ColourEncoding(space=GRAY if gray else RGB, intent=RELATIVE)
    if not _with_transfer(made, colour.transfer):
        return None
    if gray:
        made.white_point = _D65
        return made
    primaries = colour.primaries
    if primaries.code in (1, 9) and primaries == PRIMARIES.get(primaries.code):
        made.white_point, made.primaries = _D65, primaries.code
    elif primaries == PRIMARIES[12]:
        made.white_point, made.primaries = _D65, _P3
    else:
        made.white_point = made.primaries = CUSTOM
        made.white[:] = primaries.white
        made.red[:], made.green[:], made.blue[:] = primaries.red, primaries.green, primaries.blue
    return made


def _with_transfer(made: ColourEncoding, transfer: Transfer) -> bool:
    for known in (SRGB_CURVE, LINEAR):
        if transfer.near(known):
            made.transfer = known.code
            return True
    if transfer.code in (1, 16, 18):
        made.transfer = transfer.code
        return True
    (curve, *others) = transfer.curves
    if isinstance(curve, Parametric) and not others and curve == Parametric(curve.g):
        made.transfer, made.gamma = GAMMA, 1.0 / curve.g
        return True
    return False


WIDE = of_codes(9, 13, by=BY) or ASSUMED
"""BT.2020 with the curve of sRGB: holds what a profile of tables may have meant."""
