"""What a file format is: how it is recognised, read and written."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeAlias

from relume.arrays import Pixels
from relume.colour_statement import ASSUMED, Colour
from relume.frozen import frozen
from relume.gain_map import GainMap
from relume.photo import NOTHING, Beside, Format, Mosaic, Motion, Subsampling

Admit: TypeAlias = Callable[[int, int], None]
"""Called with the declared width and height before memory is taken; raises TooLargeError."""

Piece: TypeAlias = bytes | memoryview


@frozen
class Stored:
    """What a file of any format may hold."""

    pixels: Pixels
    alpha: Pixels | None = None
    icc: bytes | None = None
    exif: bytes | None = None
    xmp: bytes | None = None
    dpi: tuple[float, float] | None = None
    quality: int | None = None
    """1–100; None where the format has none, or is left the choice."""
    subsampling: Subsampling | None = None


@frozen
class Incoming(Stored):
    """What a decoder found: pixels as stored, not yet upright, and metadata as stored."""

    upright: bool = False
    """The container's own orientation is applied, and the tags in EXIF and XMP mean nothing."""
    depth: int | None = None
    """Bits per sample in the file, where they are not those of the pixels."""
    pages: int = 1
    """Pictures in the file: pages, frames."""
    beside: Beside = NOTHING
    stated: Colour | None = None
    """What the file says about colour without a profile."""
    gain_map: GainMap | None = None
    """As it lies in the file, and without the light it was made for."""
    motion: Motion | None = None
    mosaic: Mosaic | None = None
    """What the samples in `pixels` mean, where they are a sensor's."""
    notes: tuple[str, ...] = ()


@frozen
class Outgoing(Stored):
    """What an encoder gets: pixels of a depth it can hold, and metadata to write as it is."""

    depth: int | None = None
    """Bits per sample that a format of several depths is to hold."""
    beside: Beside = NOTHING
    """What of it the format holds."""
    gain_map: GainMap | None = None
    """For these pixels; for formats that hold one."""
    motion: Motion | None = None
    colour: Colour = ASSUMED
    """What the pixels mean; `icc` says the same where there is one."""


@frozen
class Encoded:
    """A file's bytes in order, and what could not be kept, for people."""

    pieces: tuple[Piece, ...]
    notes: tuple[str, ...] = ()


@frozen
class Codec:
    """A file format. Decoders may raise anything on bad data: the reader turns it into one line."""

    name: Format
    title: str
    suffixes: tuple[str, ...]
    recognises: Callable[[bytes], bool]
    """Whether a file that starts with these (at least 32, if it has them) bytes is one."""
    decode: Callable[[bytes, Admit], Incoming]
    encode: Callable[[Outgoing], Encoded] | None
    """None: read only."""
    bits: Literal[8, 16] = 8
    """The deepest samples it can be written with."""
    holds: frozenset[Literal["texts", "comment", "photoshop", "extended XMP"]] = frozenset()
    """What of `photo.Beside` it can be written with."""
    has_alpha: bool = True
    """It can be written with alpha."""
    holds_exif: bool = True
    """It can be written with EXIF."""
    holds_gray: Literal["no", "alone", "with alpha"] = "with alpha"
    """Gray is written as one channel, or as red, green and blue."""
    states_colour: bool = True
    """It can be written with an ICC profile."""
    states_hdr: bool = False
    """It can be written with the numbers of H.273, which state light above diffuse white."""
    holds_parts: bool = False
    """It can be written with a gain map and a video."""
