"""WebP, through Pillow. Quality 100 is lossless.

Source: RFC 9649 (2024), section 2.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from io import BytesIO

from relume.io.codec import Admit, Codec, Encoded, Incoming, Outgoing
from relume.io.pillow import quiet, to_arrays, to_picture

QUALITY = 90
"""Default: WebP at 90 keeps about what JPEG keeps at 95."""

LOSSLESS = 100
_VP8X_ALPHA, _VP8L_ALPHA = 0x10, 0x10
"""The bits that say so: in the first byte of VP8X, the last of a VP8L header (2.7, 3.4)."""
SIDE = 16383
"""The longest side the format can hold."""


def _chunks(data: bytes) -> Iterator[tuple[bytes, int]]:
    """Yield the kind and start of the content of each chunk."""
    at = 12
    while at + 8 <= len(data):
        kind, length = struct.unpack_from("<4sI", data, at)
        yield kind, at + 8
        at += 8 + length + length % 2


def _size(data: bytes) -> tuple[int, int]:
    """Return the declared (width, height), before a decoder takes memory for it."""
    kind, start = next(_chunks(data))
    if kind == b"VP8X":
        raw = int.from_bytes(data[start + 4 : start + 10], "little")
        return 1 + (raw & 0xFFFFFF), 1 + (raw >> 24)
    if kind == b"VP8L":
        raw = int.from_bytes(data[start + 1 : start + 5], "little")
        return 1 + (raw & 0x3FFF), 1 + (raw >> 14 & 0x3FFF)
    width, height = struct.unpack_from("<HH", data, start + 6)
    return width & 0x3FFF, height & 0x3FFF


def decode(data: bytes, admit: Admit) -> Incoming:
    from PIL.WebPImagePlugin import WebPImageFile  # a library that other formats do without

    admit(*_size(data))
    picture = WebPImageFile(BytesIO(data))
    admit(*picture.size)
    pixels, alpha, notes = to_arrays(picture)
    if picture.n_frames > 1:
        notes = (*notes, "only the first frame of the animation was read")
    is_lossless = any(kind == b"VP8L" for kind, _ in _chunks(data))
    return Incoming(
        pixels=pixels,
        alpha=alpha,
        icc=picture.info.get("icc_profile"),
        exif=picture.info.get("exif"),
        xmp=picture.info.get("xmp"),
        quality=LOSSLESS if is_lossless else None,
        pages=picture.n_frames,
        notes=notes,
    )


def encode(outgoing: Outgoing) -> Encoded:
    if max(outgoing.pixels.shape[:2]) > SIDE:
        raise ValueError(f"WebP holds at most {SIDE} pixels a side; write .jpg, .png or .tif")
    quality = outgoing.quality or QUALITY
    stream = BytesIO()
    with quiet():
        to_picture(outgoing.pixels, outgoing.alpha).save(
            stream,
            "WEBP",
            quality=quality,
            lossless=quality == LOSSLESS,
            exact=True,  # colours stay where alpha is 0
            icc_profile=outgoing.icc or b"",
            exif=outgoing.exif or b"",
            xmp=outgoing.xmp or b"",
        )
    content = stream.getbuffer()
    if outgoing.alpha is not None and quality == LOSSLESS:
        _say_alpha(content)
    return Encoded((content,))


def _say_alpha(content: memoryview) -> None:
    """Say that a lossless file has alpha; libwebp says no where it hides nothing."""
    for kind, start in _chunks(bytes(content)):
        if kind == b"VP8X":
            content[start] |= _VP8X_ALPHA
        elif kind == b"VP8L":
            content[start + 4] |= _VP8L_ALPHA


CODEC = Codec(
    name="webp",
    title="WebP",
    suffixes=(".webp",),
    recognises=lambda first: first[:4] == b"RIFF" and first[8:12] == b"WEBP",
    decode=decode,
    encode=encode,
    holds_gray="no",
)
