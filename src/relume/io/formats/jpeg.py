"""JPEG: pixels through libjpeg-turbo (simplejpeg), segments by hand.

Source: ITU-T T.81 (1992), annex B; Exif 2.32, section 4.7; ICC.1:2022, annex B.4;
XMP specification part 3 (2020), section 1.1.3.
"""

from __future__ import annotations

import struct
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from io import BytesIO

import numpy as np
import simplejpeg

from relume.arrays import Pixels
from relume.errors import UnreadableError
from relume.io import jpeg_behind, jpeg_beside, jpeg_parts, jpeg_sampling
from relume.io.codec import Admit, Codec, Encoded, Incoming, Outgoing, Piece
from relume.io.jpeg_beside import LARGEST, segment
from relume.io.metadata import exif, icc, promises, xmp_parts
from relume.io.pillow import to_arrays

EXIF = b"Exif\0\0"
XMP = b"http://ns.adobe.com/xap/1.0/\0"
ICC = b"ICC_PROFILE\0"

QUALITY = 95
"""Default for a picture that was no JPEG."""

BROKEN = "the JPEG data has errors: parts may look wrong"
"""The note on a picture whose pixels could be decoded in part."""

SCANS = 500
"""A progressive JPEG has about ten scans; thousands of empty ones keep a decoder busy for hours."""

_LUMA_TABLE = np.array(
    [
        [16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55],
        [14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22, 29, 51, 87, 80, 62],
        [18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92],
        [49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99],
    ]
)
"""ITU-T T.81, table K.1: the luminance table that libjpeg scales by quality."""


@dataclass
class _Header:
    width: int = 0
    height: int = 0
    bits: int = 0
    progressive: bool = False
    huffman: bool = True
    """Not arithmetic coding, which may spend next to nothing on a block."""
    sampling: tuple[tuple[int, int], ...] = ()
    table: int = 0
    """Which quantisation table the first component uses."""
    tables: dict[int, tuple[int, ...]] = field(default_factory=dict[int, tuple[int, ...]])
    segments: list[tuple[int, bytes]] = field(default_factory=list[tuple[int, bytes]])
    """Marker and payload of all segments before the first scan."""
    scan_at: int = 0


def _header(data: bytes) -> _Header:
    header = _Header()
    for marker, start, end in jpeg_parts.segments(data):
        payload = data[start:end]
        if marker == 0xDA:
            header.scan_at = start - 4
            break
        header.segments.append((marker, payload))
        if marker == 0xDB:
            header.tables |= _tables(payload)
        elif 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            bits, height, width, many = struct.unpack_from(">BHHB", payload)
            parts = [payload[6 + 3 * i : 9 + 3 * i] for i in range(many)]
            header.bits, header.height, header.width = bits, height, width
            header.sampling = tuple((part[1] >> 4, part[1] & 15) for part in parts)
            header.table = parts[0][2]
            header.progressive = marker & 3 == 2
            header.huffman = marker < 0xC8
    if not header.width or not header.height:
        raise ValueError("no size is stated")
    return header


def _tables(payload: bytes) -> dict[int, tuple[int, ...]]:
    found: dict[int, tuple[int, ...]] = {}
    at = 0
    while at < len(payload):
        wide, number = payload[at] >> 4, payload[at] & 15
        found[number] = struct.unpack_from(">64H" if wide else ">64B", payload, at + 1)
        at += 129 if wide else 65
    return found


def estimated_quality(table: tuple[int, ...]) -> int:
    """Return the quality, 1–100, at which libjpeg's luminance table is nearest to this one."""
    sums = _sums()
    return 1 + min(range(100), key=lambda index: abs(sums[index] - sum(table)))


@cache
def _sums() -> tuple[int, ...]:
    """Return the sum of libjpeg's luminance table at each quality from 1 to 100."""
    scales = [5000 // q if q < 50 else 200 - 2 * q for q in range(1, 101)]
    return tuple(int(np.clip((_LUMA_TABLE * s + 50) // 100, 1, 255).sum()) for s in scales)


def decode(data: bytes, admit: Admit) -> Incoming:
    header = _header(data)
    admit(header.width, header.height)
    # libjpeg looks for the header in its own way: what it found is what it will take memory for.
    with suppress(ValueError, KeyError):  # of chroma samplings that it does not know
        height, width, *_ = simplejpeg.decode_jpeg_header(data, strict=False)
        admit(int(width), int(height))
    if header.bits != 8:
        raise UnreadableError(
            f"JPEG of {header.bits} bits per sample is not read; convert it to PNG"
        )
    if header.huffman and len(data) - header.scan_at < _fewest_bytes(header):
        raise UnreadableError(
            f"a JPEG of {header.width} × {header.height} pixels does not fit into "
            f"{len(data):,} bytes: the file is cut off or damaged"
        )
    if _has_many_scans(data, header) and _scans(data, header) > SCANS:
        raise UnreadableError(f"JPEG of more than {SCANS} scans is refused; save it anew")
    profile, notes = _profile(header)
    pixels, more = _pixels(data, header, profile, admit)
    if len(header.sampling) == 4:
        profile = None
    metadata_notes: tuple[str, ...] = ()
    blob = _joined(header, EXIF)
    packet, promised = promises.taken_out(_first(header, XMP) or b"")
    if packet is None:
        metadata_notes = ("malformed XMP left out",)
    has_mpf = any(m == 0xE2 and p.startswith(jpeg_behind.MPF) for m, p in header.segments)
    behind = jpeg_behind.found(data, promised, exif=blob, has_mpf=has_mpf, admit=admit)
    table = header.tables.get(header.table)
    return Incoming(
        pixels=pixels,
        icc=profile,
        exif=blob,
        xmp=packet or None,
        gain_map=behind.gain_map,
        motion=behind.motion,
        dpi=_dpi(header),
        beside=jpeg_beside.read(header.segments),
        quality=estimated_quality(table) if table else None,
        subsampling=jpeg_sampling.named(header.sampling),
        notes=(*more, *notes, *metadata_notes, *behind.notes),
    )


def _fewest_bytes(header: _Header) -> int:
    """Return what the blocks of 8 × 8 samples take at least: a Huffman code has a bit or more."""
    wide = max((across for across, _ in header.sampling), default=1) or 1
    high = max((down for _, down in header.sampling), default=1) or 1
    blocks = sum(
        -(-header.width * across // (8 * wide)) * -(-header.height * down // (8 * high))
        for across, down in header.sampling
    )
    return blocks // 8


def _has_many_scans(data: bytes, header: _Header) -> bool:
    """Whether libjpeg will go on after the first scan, as the first scan says."""
    return header.progressive or data[header.scan_at + 4] < len(header.sampling)


def _scans(data: bytes, header: _Header) -> int:
    return data.count(b"\xff\xda", header.scan_at, jpeg_parts.end(data))


def _pixels(
    data: bytes, header: _Header, profile: bytes | None, admit: Admit
) -> tuple[Pixels, tuple[str, ...]]:
    many = len(header.sampling)
    if many in (1, 3):
        # It takes every irregularity for an error, of metadata too.
        for bare in (False, True):
            try:
                return _decoded(_bare(data, header) if bare else data, many), ()
            except (ValueError, KeyError):
                continue
    from PIL.JpegImagePlugin import JpegImageFile  # for inks; most do without

    picture = JpegImageFile(BytesIO(_bare(data, header)))
    admit(*picture.size)
    picture.load()
    if picture.mode == "CMYK":
        turned, note = icc.cmyk_to_srgb(picture, profile)
        return to_arrays(turned)[0], (note,)
    # Pillow refuses only what is cut off, and reads samplings that are rare.
    pixels = to_arrays(picture)[0]
    known = len(header.sampling) == 3 and header.sampling not in jpeg_sampling.RARE
    return pixels, (BROKEN,) if known else ()


def _decoded(data: bytes, many: int) -> Pixels:
    if many == 1:
        return simplejpeg.decode_jpeg(data, "GRAY")[:, :, 0]
    return simplejpeg.decode_jpeg(data, "RGB")


def _bare(data: bytes, header: _Header) -> bytes:
    """Leave out all metadata but Adobe's segment, which tells how colours are stored."""
    pieces = [b"\xff\xd8"]
    for marker, payload in header.segments:
        if not (0xE0 <= marker <= 0xEF or marker == 0xFE) or marker == 0xEE:
            pieces.append(segment(marker, payload))
    return b"".join([*pieces, data[header.scan_at :]])


def _joined(header: _Header, prefix: bytes) -> bytes | None:
    found = [p[len(prefix) :] for m, p in header.segments if m == 0xE1 and p.startswith(prefix)]
    return b"".join(found) or None


def _first(header: _Header, prefix: bytes) -> bytes | None:
    found = (p[len(prefix) :] for m, p in header.segments if m == 0xE1 and p.startswith(prefix))
    return next(found, None) or None


def _profile(header: _Header) -> tuple[bytes | None, tuple[str, ...]]:
    # As a set: some programs add a profile that is there already.
    found = {p[len(ICC) :] for m, p in header.segments if m == 0xE2 and p.startswith(ICC)}
    parts = sorted(found)
    if not parts:
        return None, ()
    if any(len(p) < 2 for p in parts) or [p[0] for p in parts] != [*range(1, parts[0][1] + 1)]:
        return None, ("ICC profile left out: parts of it are missing",)
    return b"".join(part[2:] for part in parts), ()


def _dpi(header: _Header) -> tuple[float, float] | None:
    for marker, payload in header.segments:
        if marker == 0xE0 and payload.startswith(b"JFIF\0") and len(payload) >= 12:
            unit, across, down = struct.unpack_from(">BHH", payload, 7)
            if unit in (1, 2) and across and down:
                scale = 2.54 if unit == 2 else 1.0
                return across * scale, down * scale
    return None


def encode(outgoing: Outgoing) -> Encoded:
    quality = outgoing.quality or QUALITY
    # Full chroma costs a third more bytes and time for 0.3 dB at 95: only for who asks for more.
    sampling = outgoing.subsampling or ("4:4:4" if quality > QUALITY else "4:2:0")
    changed: tuple[str, ...] = ()
    pixels = np.ascontiguousarray(outgoing.pixels)
    if sampling == jpeg_sampling.UNWRITTEN and pixels.ndim == 3:
        # The encoder's interface has no name for it.
        sampling = "4:2:0"
        rare = jpeg_sampling.UNWRITTEN
        changed = (f"chroma written as {sampling}, not {rare}: as many samples, elsewhere",)
    if pixels.ndim == 2:
        coded = simplejpeg.encode_jpeg(pixels[:, :, None], quality, "GRAY", "Gray")
    else:
        coded = simplejpeg.encode_jpeg(pixels, quality, "RGB", sampling.replace(":", ""))
    rest = memoryview(coded)[_after_jfif(coded) :]
    gain_map = jpeg_behind.coded(outgoing.gain_map) if outgoing.gain_map is not None else None
    metadata, notes = _metadata(outgoing, gain_map)
    pieces: list[Piece] = [b"\xff\xd8", _jfif(outgoing.dpi), *metadata]
    if gain_map is not None:
        at = sum(map(len, pieces))
        size = at + jpeg_behind.MPF_BYTES + len(rest)
        pieces.append(jpeg_behind.index(at=at, size=size, map_size=len(gain_map)))
    pieces.append(rest)
    pieces += [gain_map] if gain_map is not None else []
    pieces += [outgoing.motion.data] if outgoing.motion is not None else []
    return Encoded(tuple(pieces), (*changed, *notes))


def _after_jfif(coded: bytes) -> int:
    """Return where the second segment starts: ours takes the place of the first."""
    return 4 + struct.unpack_from(">H", coded, 4)[0] if coded[2:4] == b"\xff\xe0" else 2


def _jfif(dpi: tuple[float, float] | None) -> bytes:
    across, down = (min(max(round(one), 1), 65535) for one in dpi or (1, 1))
    unit = 1 if dpi else 0
    return segment(0xE0, b"JFIF\0" + struct.pack(">HBHHBB", 0x0101, unit, across, down, 0, 0))


def _metadata(outgoing: Outgoing, gain_map: bytes | None) -> tuple[list[Piece], tuple[str, ...]]:
    pieces: list[Piece] = []
    notes: list[str] = []
    blob = outgoing.exif
    if blob is not None and len(EXIF) + len(blob) > LARGEST:
        blob = exif.compact(blob)
        notes.append("EXIF is too long for JPEG: the maker note was left out")
        if blob is not None and len(EXIF) + len(blob) > LARGEST:
            blob = None
            notes[-1] = "EXIF left out: it is too long for JPEG"
    if blob is not None:
        pieces.append(segment(0xE1, EXIF + blob))
    packet, words = outgoing.xmp, ""
    if gain_map is not None or outgoing.motion is not None:
        words = jpeg_behind.statements(gain_map, outgoing.motion)
        packet = xmp_parts.joined(packet, words)
    if packet is not None and len(XMP) + len(packet) > LARGEST:
        notes.append("XMP left out: it is too long for JPEG")
        packet = xmp_parts.joined(None, words) if words else None
    if packet is not None:
        pieces.append(segment(0xE1, XMP + packet))
    if gain_map is not None:
        pieces.append(jpeg_behind.base_version())
    pieces += jpeg_beside.segments(outgoing.beside)
    profile = outgoing.icc or b""
    step = LARGEST - len(ICC) - 2
    parts = [profile[at : at + step] for at in range(0, len(profile), step)]
    if len(parts) > 255:
        notes.append("ICC profile left out: it is too long for JPEG")
    else:
        for number, part in enumerate(parts, 1):
            pieces.append(segment(0xE2, ICC + bytes((number, len(parts))) + part))
    return pieces, tuple(notes)


CODEC = Codec(
    name="jpeg",
    title="JPEG",
    suffixes=(".jpg", ".jpeg", ".jpe", ".jfif"),
    recognises=lambda first: first[:3] == b"\xff\xd8\xff",
    decode=decode,
    encode=encode,
    has_alpha=False,
    holds=frozenset({"comment", "photoshop", "extended XMP"}),
    holds_parts=True,
)
