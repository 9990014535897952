"""PNG: pixels through libvips, chunks by hand.

Source: PNG specification, third edition (W3C, 2025), sections 5 and 11.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

from relume.colour_statement import Colour, codes_of, of_codes
from relume.colour_statement.curves import Parametric
from relume.colour_statement.icc import BY_PROFILE
from relume.colour_statement.known import (
    BT709,
    SRGB_CURVE,
    Primaries,
    named_primaries,
    named_transfer,
)
from relume.errors import UnreadableError
from relume.io import vips
from relume.io.codec import Admit, Codec, Encoded, Incoming, Outgoing, Piece
from relume.io.metadata import photoshop, png_texts
from relume.io.pillow import ONE_BIT, PALETTE
from relume.io.pixels import split
from relume.photo import Beside

SIGNATURE = b"\x89PNG\r\n\x1a\n"
XMP = b"XML:com.adobe.xmp"

LARGEST = 16 << 20
"""Bytes a compressed chunk may unfold to. Profiles and packets are smaller; bombs are larger."""

PIXELS = frozenset((b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND", b"pHYs", b"gAMA", b"sRGB"))
"""Chunks that pixels need, and frequent ones of fixed size that do no harm."""

METRE = 0.0254
"""Metres per inch."""


def _chunks(data: bytes | memoryview) -> Iterator[tuple[bytes, int, int]]:
    """Yield the kind, start and end of each chunk's content, up to and with IEND."""
    at = len(SIGNATURE)
    while at + 12 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        end = at + 8 + length
        if end + 4 > len(data):
            break
        yield kind, at + 8, end
        if kind == b"IEND":
            return
        at = end + 4
    raise ValueError("the file is cut off")


def decode(data: bytes, admit: Admit) -> Incoming:
    width, height, depth, colour = struct.unpack_from(">IIBB", data, 16)
    admit(width, height)
    found: dict[bytes, bytes] = {}
    packet: bytes | None = None
    chunks: list[tuple[bytes, bytes]] = []
    for kind, start, end in _chunks(data):
        if kind == b"iTXt" and data.startswith(XMP + b"\0", start):
            packet = _text(data[start:end])
        elif kind in png_texts.TEXT_KINDS:
            chunks.append((kind, data[start:end]))
        elif kind != b"IDAT" and kind not in found:
            found[kind] = data[start:end]
    bare = _bare(data)
    pixels, alpha = split(vips.array(vips.load(bare, "pngload_source", admit)))
    notes: list[str] = []
    if colour == 3:
        notes.append(PALETTE)
    elif depth < 8:
        notes.append(ONE_BIT if depth == 1 else f"{depth}-bit picture expanded to 8 bits")
    if b"acTL" in found:
        notes.append("only the first frame of the animation was read")
    profile, stated = _colour(found, notes)
    beside, hidden = _beside(chunks, notes)
    return Incoming(
        pixels=pixels,
        alpha=alpha,
        icc=profile,
        stated=stated,
        exif=found.get(b"eXIf") or hidden.get("exif"),
        xmp=packet or hidden.get("xmp"),
        beside=beside,
        depth=depth,
        pages=int.from_bytes(found.get(b"acTL", b"\0\0\0\1")[:4], "big"),
        dpi=_dpi(found.get(b"pHYs")),
        notes=tuple(notes),
    )


def _bare(data: bytes) -> bytes:
    """Leave out what is not pixels: libvips would unfold it, and warn in words that it quotes."""
    chunks = list(_chunks(data))
    if all(kind in PIXELS for kind, _, _ in chunks):
        return data
    whole = memoryview(data)
    kept = (whole[start - 8 : end + 4] for kind, start, end in chunks if kind in PIXELS)
    return b"".join((SIGNATURE, *kept))


def _unfolded(compressed: bytes) -> bytes:
    stream = zlib.decompressobj()
    unfolded = stream.decompress(compressed, LARGEST)
    if stream.unconsumed_tail:
        raise ValueError(f"a chunk unfolds to more than {LARGEST} bytes")
    return unfolded


def _profile(chunk: bytes | None) -> bytes | None:
    """Content: name, null, method 0, compressed profile."""
    return _unfolded(chunk.partition(b"\0")[2][1:]) if chunk is not None else None


def _text(chunk: bytes) -> bytes | None:
    """Content: keyword, 0, is compressed, method, language, 0, translated keyword, 0, text."""
    flags_at = len(XMP) + 1
    text = chunk[flags_at + 2 :].partition(b"\0")[2].partition(b"\0")[2]
    is_compressed = chunk[flags_at : flags_at + 1] == b"\1"
    return (_unfolded(text) if is_compressed else text) or None


def _colour(found: dict[bytes, bytes], notes: list[str]) -> tuple[bytes | None, Colour | None]:
    """Return the profile or what else states colours: cICP before iCCP, sRGB, gAMA with cHRM.

    Section 4.3.
    """
    chunk = found.get(b"cICP", b"")
    if len(chunk) == 4:
        stated = of_codes(chunk[0], chunk[1], by="cICP")
        if stated is not None and chunk[2:] == b"\0\1":
            return None, stated
        if stated is not None and stated.is_hdr:
            # To take it for anything else would show light many times too bright or too dark.
            raise UnreadableError(f"PNG of {stated.name} in narrow range is not read; save it full")
        notes.append(f"cICP chunk {chunk.hex(' ')} left out: not one we know")
    try:
        profile = _profile(found.get(b"iCCP"))
    except zlib.error as error:
        notes.append(f"ICC profile left out: damaged ({error})")
        profile = None
    if profile is not None:
        return profile, None
    if b"sRGB" in found:
        return None, Colour(BT709, SRGB_CURVE, "sRGB chunk")
    return None, _of_gamma(found.get(b"gAMA"), found.get(b"cHRM"))


def _of_gamma(gamma: bytes | None, places: bytes | None) -> Colour | None:
    """Sections 11.3.2.1 and 11.3.2.2: numbers in hundred-thousandths."""
    if gamma is None and places is None:
        return None
    primaries = BT709
    if places is not None and len(places) == 32:
        x = [number / 100_000 for number in struct.unpack(">8I", places)]
        white, red, green, blue = zip(x[::2], x[1::2], strict=True)
        if min(place[1] for place in (white, red, green, blue)) > 0:
            stated = Primaries("primaries of its own", red, green, blue, white)
            primaries = named_primaries(stated)
    exponent = int.from_bytes(gamma[:4], "big") / 100_000 if gamma else 0.0
    # 1/2.2 beside the primaries of sRGB, or beside none, is how writers of sRGB say it to readers
    # that know no more (section 11.3.2.5); a few round it otherwise.
    is_srgb = primaries.near(BT709) and abs(exponent - 0.45455) < 0.005
    if is_srgb or not 0.1 < exponent < 10:
        transfer = SRGB_CURVE
    else:
        transfer = named_transfer((Parametric(1.0 / exponent),))
    return Colour(primaries, transfer, "cHRM and gAMA" if places else "gAMA")


def _beside(chunks: list[tuple[bytes, bytes]], notes: list[str]) -> tuple[Beside, dict[str, bytes]]:
    """Return texts, and what else was hidden in them, by "exif" and "xmp"."""
    if len(chunks) > png_texts.MOST:
        notes.append(f"texts after the first {png_texts.MOST} left out")
    texts: list[tuple[str, str]] = []
    hidden: dict[str, bytes] = {}
    resources: bytes | None = None
    for kind, content in chunks[: png_texts.MOST]:
        found = png_texts.text(kind, content, _unfolded)
        if found is None:
            notes.append("a damaged text was left out")
            continue
        if not found[0].startswith(png_texts.RAW):
            texts.append(found)
            continue
        name, data = found[0].removeprefix(png_texts.RAW), png_texts.raw_profile(found[1])
        if data.startswith(b"http://ns.adobe.com/xap/1.0/\0"):
            name, data = "xmp", data.partition(b"\0")[2]
        if name in ("exif", "APP1"):
            hidden.setdefault("exif", data)
        elif name == "xmp":
            hidden.setdefault("xmp", data)
        elif name in ("iptc", "8bim"):
            resources = data if data[:4] == b"8BIM" else photoshop.of_iptc(data)
        elif name not in ("icc", "icm"):  # those of ImageMagick say what iCCP says
            notes.append(f"{name} data left out")
    return Beside(tuple(texts), resources), hidden


def _dpi(chunk: bytes | None) -> tuple[float, float] | None:
    if chunk is None or len(chunk) != 9 or chunk[8] != 1:
        return None
    across, down = struct.unpack_from(">II", chunk)
    return (across * METRE, down * METRE) if across and down else None


def encode(outgoing: Outgoing) -> Encoded:
    coded = vips.png(outgoing.pixels, outgoing.alpha)
    pieces: list[Piece] = [SIGNATURE]
    for kind, start, end in _chunks(coded):
        # libvips always states a resolution: ours, if there is one, is the one to write.
        if kind in (b"IHDR", b"IDAT", b"IEND"):
            pieces.append(coded[start - 8 : end + 4])
        if kind == b"IHDR":
            pieces += _metadata(outgoing)
    return Encoded(tuple(pieces))


def _metadata(outgoing: Outgoing) -> Iterator[bytes]:
    if outgoing.colour.by != BY_PROFILE and (codes := codes_of(outgoing.colour)):
        yield _chunk(b"cICP", bytes((*codes, 0, 1)))  # full range, and no matrix
    if outgoing.icc is not None:
        yield _chunk(b"iCCP", b"ICC profile\0\0" + zlib.compress(outgoing.icc))
    if outgoing.dpi is not None:
        across, down = (min(max(round(one / METRE), 1), 2**31 - 1) for one in outgoing.dpi)
        yield _chunk(b"pHYs", struct.pack(">IIB", across, down, 1))
    if outgoing.exif is not None:
        yield _chunk(b"eXIf", outgoing.exif)
    if outgoing.xmp is not None:
        yield _chunk(b"iTXt", XMP + b"\0\0\0\0\0" + outgoing.xmp)
    texts = outgoing.beside.texts
    if outgoing.beside.photoshop is not None:
        texts = (*texts, png_texts.as_raw_profile("iptc", outgoing.beside.photoshop))
    for keyword, words in texts:
        for kind, content in png_texts.chunk(keyword, words):
            yield _chunk(kind, content)


def _chunk(kind: bytes, content: bytes) -> bytes:
    check = zlib.crc32(content, zlib.crc32(kind))
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", check)


CODEC = Codec(
    name="png",
    title="PNG",
    suffixes=(".png",),
    recognises=lambda first: first.startswith(SIGNATURE),
    decode=vips.with_own_reason(decode),
    encode=encode,
    bits=16,
    states_hdr=True,
    holds=frozenset({"texts", "comment", "photoshop"}),
)
