"""The box that HEIF files begin with. Source: ISO/IEC 14496-12 (2022), section 4.3."""

from __future__ import annotations


def brands(first: bytes) -> tuple[bytes, ...]:
    """Return the brands that a file claims, the major one first; none if it begins otherwise."""
    if first[4:8] != b"ftyp":
        return ()
    end = min(int.from_bytes(first[:4], "big"), len(first))
    # After the major brand come four bytes of version.
    return (first[8:12], *(first[at : at + 4] for at in range(16, end - 3, 4)))
