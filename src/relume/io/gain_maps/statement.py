"""What a file says about its gain map, in the terms of ISO 21496-1, and the samples' meaning.

    G = least + (most − least) · m^(1 / gamma)            m: samples in [0, 1]

Source: ISO 21496-1:2025, clause 5.2 and annex C (binary); Adobe, Gain Map Specification 1.0 (2023)
for the XMP, whose numbers of gains and capacities are log2.
"""

from __future__ import annotations

import struct
from math import isfinite

import numpy as np
from numpy.typing import NDArray

from relume.frozen import frozen
from relume.gain_map import GainMap, Triple
from relume.io.metadata import xmp_parts

HDRGM = "http://ns.adobe.com/hdr-gain-map/1.0/"
ISO = b"urn:iso:std:iso:ts:21496:-1\0"
BARE_VERSION = bytes(4)
"""What the base picture states: minimum and writer's version 0, and nothing more."""
_MULTICHANNEL, _BASE_PRIMARIES, _COMMON = 0x80, 0x40, 0x08
"""Flags; the last is of libultrahdr, one denominator for all."""
_PARTS = 1_000_000
_SANE = 32.0
"""Stops: no map has more."""


@frozen
class Statement:
    """Numbers for red, green and blue, in log2 where they are gains or headrooms."""

    least: Triple
    most: Triple
    gamma: Triple
    offset_base: Triple
    offset_alternate: Triple
    headroom_base: float
    headroom: float
    uses_base_primaries: bool = True

    @property
    def is_sane(self) -> bool:
        stops = (*self.least, *self.most, self.headroom_base, self.headroom)
        numbers = (*stops, *self.gamma, *self.offset_base, *self.offset_alternate)
        return (
            all(map(isfinite, numbers))
            and max(map(abs, stops)) <= _SANE
            and min(self.gamma) > 0
            and self.headroom > self.headroom_base
            and all(low <= high for low, high in zip(self.least, self.most, strict=True))
            and all(abs(offset) <= 1 for offset in (*self.offset_base, *self.offset_alternate))
        )


def of_xmp(packet: bytes) -> Statement | None:
    """Return what the packet of a map states; None for another packet, or an alternate base."""
    found = xmp_parts.values(packet, HDRGM)
    if not found or found.get("BaseRenditionIsHDR", ["False"])[0].lower() == "true":
        return None

    def triple(name: str, default: float) -> Triple:
        given = [float(one) for one in found.get(name, [str(default)])]
        red, green, blue = given[:3] if len(given) >= 3 else given[:1] * 3
        return red, green, blue

    try:
        stated = Statement(
            least=triple("GainMapMin", 0.0),
            most=triple("GainMapMax", float("nan")),
            gamma=triple("Gamma", 1.0),
            offset_base=triple("OffsetSDR", 1 / 64),
            offset_alternate=triple("OffsetHDR", 1 / 64),
            headroom_base=triple("HDRCapacityMin", 0.0)[0],
            headroom=triple("HDRCapacityMax", float("nan"))[0],
        )
    except (ValueError, IndexError):
        return None
    return stated if stated.is_sane else None


def of_binary(data: bytes) -> Statement | None:
    """Return what the payload behind the name of ISO's segment states of a map."""
    try:
        minimum, _, flags = struct.unpack_from(">HHB", data)
        if minimum != 0:
            return None
        channels = 3 if flags & _MULTICHANNEL else 1
        at = 5
        rows = ["II", *["iiIii"] * channels]
        numbers: list[list[float]] = []
        if flags & _COMMON:
            (below,) = struct.unpack_from(">I", data, at)
            at += 4
            for row in rows:
                numbers.append([one / below for one in struct.unpack_from(">" + row, data, at)])
                at += 4 * len(row)
        else:
            for row in rows:
                pairs = struct.unpack_from(">" + "".join(sign + "I" for sign in row), data, at)
                numbers.append([a / b for a, b in zip(pairs[::2], pairs[1::2], strict=True)])
                at += 8 * len(row)
    except (struct.error, ZeroDivisionError):
        return None
    each = numbers[1:] * (1 if channels == 3 else 3)
    least, most, gamma, base, alternate = (
        (each[0][column], each[1][column], each[2][column]) for column in range(5)
    )
    stated = Statement(
        least, most, gamma, base, alternate, *numbers[0],
        uses_base_primaries=bool(flags & _BASE_PRIMARIES),
    )  # fmt: skip
    return stated if stated.is_sane else None


def of_map(found: GainMap) -> Statement:
    """Return the statement to be written for a map; samples are spread evenly."""
    return Statement(
        found.least, found.most, (1.0, 1.0, 1.0), found.offset_base, found.offset_alternate,
        found.headroom_base, found.headroom, found.uses_base_primaries,
    )  # fmt: skip


def to_binary(stated: Statement, *, channels: int) -> bytes:
    """Write ISO's payload, with a denominator for each number."""
    flags = (_MULTICHANNEL if channels == 3 else 0) | (
        _BASE_PRIMARIES if stated.uses_base_primaries else 0
    )
    pieces = [struct.pack(">HHB", 0, 0, flags)]
    pieces += [_ratio(one) for one in (stated.headroom_base, stated.headroom)]
    for channel in range(channels):
        for numbers in (
            stated.least, stated.most, stated.gamma, stated.offset_base, stated.offset_alternate
        ):  # fmt: skip
            pieces.append(_ratio(numbers[channel]))
    return b"".join(pieces)


def _ratio(number: float) -> bytes:
    return struct.pack(">iI", round(number * _PARTS), _PARTS)


def to_xmp(stated: Statement, *, channels: int) -> str:
    """Write Adobe's attributes and elements of a map."""
    attributes = [
        'hdrgm:Version="1.0"', 'hdrgm:BaseRenditionIsHDR="False"',
        f'hdrgm:HDRCapacityMin="{stated.headroom_base:.6g}"',
        f'hdrgm:HDRCapacityMax="{stated.headroom:.6g}"',
    ]  # fmt: skip
    elements: list[str] = []
    for name, numbers in (
        ("GainMapMin", stated.least), ("GainMapMax", stated.most), ("Gamma", stated.gamma),
        ("OffsetSDR", stated.offset_base), ("OffsetHDR", stated.offset_alternate),
    ):  # fmt: skip
        if channels == 1:
            attributes.append(f'hdrgm:{name}="{numbers[0]:.6g}"')
        else:
            items = "".join(f"<rdf:li>{one:.6g}</rdf:li>" for one in numbers)
            elements.append(f"<hdrgm:{name}><rdf:Seq>{items}</rdf:Seq></hdrgm:{name}>")
    return f'xmlns:hdrgm="{HDRGM}" {" ".join(attributes)}>{"".join(elements)}'


def gains(samples: NDArray[np.uint8], stated: Statement) -> NDArray[np.float32]:
    """Turn samples, (h, w, 1) or (h, w, 3), into stops."""
    channels = samples.shape[2]
    level = np.linspace(0.0, 1.0, 256)
    tables = [
        low + (high - low) * level ** (1 / gamma)
        for low, high, gamma in zip(stated.least, stated.most, stated.gamma, strict=True)
    ]
    planes = [tables[channel][samples[..., channel]] for channel in range(channels)]
    return np.stack(planes, axis=2).astype(np.float32)


def samples(found: GainMap) -> NDArray[np.uint8]:
    """Turn the stops of a map into samples as `of_map` states them."""
    channels = found.gains.shape[2]
    low = np.array(found.least[:channels], np.float32)
    width = np.maximum(np.array(found.most[:channels], np.float32) - low, 1e-6)
    return np.clip((found.gains - low) / width * 255 + 0.5, 0, 255).astype(np.uint8)
