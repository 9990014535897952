"""What a picture's numbers mean as colour, and who says so.

Colour     primaries, transfer, matrix and range as ITU-T H.273 names them, and who states them
of_codes   the numbers of H.273, as nclx boxes, cICP chunks and video streams state them
of_profile an ICC profile
profile    Colour → a small ICC profile that says the same
"""

from __future__ import annotations

from typing import Literal, TypeAlias

from relume.colour_statement.known import (
    BT709,
    LINEAR,
    PRIMARIES,
    SRGB_CURVE,
    TRANSFERS,
    UNSPECIFIED,
    Primaries,
    Transfer,
)
from relume.frozen import frozen

__all__ = ["ASSUMED", "Colour", "Primaries", "Range", "Transfer", "codes_of", "of_codes"]

Range: TypeAlias = Literal["full", "limited"]


@frozen
class Colour:
    """What the numbers of a picture mean."""

    primaries: Primaries | None
    """None where tables of a profile say it all and no primaries could."""
    transfer: Transfer | None
    """None where the primaries are."""
    by: str
    """Who says so: "ICC profile", "nclx", "cICP", "EXIF" …; "assumed" when nobody does."""
    matrix: int = 0
    """H.273, table 4, of what a file holds; 0, which is RGB, for decoded pixels."""
    range: Range = "full"

    @property
    def is_srgb(self) -> bool:
        """Whether the numbers are sRGB's, whoever says so."""
        return (
            self.primaries is not None
            and self.transfer is not None
            and self.primaries.near(BT709)
            and self.transfer.near(SRGB_CURVE)
        )

    @property
    def is_hdr(self) -> bool:
        """Whether there can be light beyond diffuse white."""
        return self.transfer is not None and self.transfer.peak > 1.0

    @property
    def name(self) -> str:
        """In words: "sRGB", "P3-D65 with sRGB curve"."""
        if self.primaries is None or self.transfer is None:
            return "tables of the profile"
        if self.is_srgb:
            return "sRGB"
        return f"{self.primaries.name}, {self.transfer.name}"


ASSUMED = Colour(BT709, SRGB_CURVE, "assumed")
"""What a picture means that says nothing."""

LINEAR_SRGB = Colour(BT709, LINEAR, "assumed")


def of_codes(
    primaries: int, transfer: int, *, by: str, matrix: int = 0, range: Range = "full"
) -> Colour | None:
    """Return what numbers of H.273 state; None when either is unspecified or not known.

    A number that one of the two lacks is taken from what goes without saying: sRGB.
    """
    if primaries == transfer == UNSPECIFIED:
        return None
    chosen = BT709 if primaries == UNSPECIFIED else PRIMARIES.get(primaries)
    curve = SRGB_CURVE if transfer == UNSPECIFIED else TRANSFERS.get(transfer)
    if chosen is None or curve is None:
        return None
    return Colour(chosen, curve, by, matrix, range)


def codes_of(colour: Colour) -> tuple[int, int] | None:
    """Return the numbers of H.273 for primaries and transfer; None where one has none.

    sRGB without a statement has none either: what nobody said is not to be said now.
    """
    if colour.primaries is None or colour.transfer is None or colour.by == ASSUMED.by:
        return None
    codes = colour.primaries.code, colour.transfer.code
    return None if UNSPECIFIED in codes else codes
