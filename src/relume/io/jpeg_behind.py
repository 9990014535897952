"""What lies behind the picture of a JPEG file: a gain map, a video, other pictures. Read, written.

| part      | stated by                                                              |
|-----------|------------------------------------------------------------------------|
| gain map  | its own XMP (Adobe, Apple) or ISO's segment in it; MPF; `Container`    |
| video     | `Container` or `MicroVideoOffset` in the picture's XMP, or its own box |

Source: CIPA DC-007-2021 (MPF), section 5; Ultra HDR image format 1.1; Motion Photo format 1.0;
ISO 21496-1:2025, annex C.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

import numpy as np
import simplejpeg

from relume.frozen import frozen
from relume.gain_map import GainMap
from relume.io import jpeg_parts
from relume.io.codec import Admit
from relume.io.gain_maps import apple, statement
from relume.io.metadata import ifd
from relume.io.metadata.promises import CAMERA, CONTAINER, HDRGM, ITEM, Promises
from relume.photo import Motion

XMP = b"http://ns.adobe.com/xap/1.0/\0"
MPF = b"MPF\0"
_START = b"\xff\xd8\xff"
_SAMSUNG = b"MotionPhoto_Data"
_MOST = 8
"""Pictures looked at."""

MAP_QUALITY = 95


@frozen
class Behind:
    """What was found."""

    gain_map: GainMap | None = None
    motion: Motion | None = None
    notes: tuple[str, ...] = ()


def found(
    data: bytes, promises: Promises, *, exif: bytes | None, has_mpf: bool, admit: Admit
) -> Behind:
    """Return what lies behind the picture that `data` begin with."""
    if promises == Promises() and not has_mpf and _SAMSUNG not in data:
        return Behind()
    end = jpeg_parts.end(data)
    notes: list[str] = []
    start = _video_at(data, end, promises)
    video = data[start : _boxes_end(data, start)] if start is not None else b""
    motion = Motion(video, promises.microseconds) if b"mdat" in video else None
    if motion is None and promises.video:
        notes.append("the file promises a video that is not there: the promise was left out")
    gain_map, others = None, 0
    for first, last in _pictures(data, end, start if start is not None else len(data)):
        picture = data[first:last]
        if gain_map is None and (gain_map := _gain_map(picture, exif, admit)) is not None:
            continue
        others += 1
    if promises.gain_map and gain_map is None:
        notes.append("the file promises an HDR gain map that cannot be read: it was left out")
    if others or promises.others or (has_mpf and gain_map is None and not promises.gain_map):
        notes.append("only the first picture of the file was read")
    return Behind(gain_map, motion, tuple(notes))


def _pictures(data: bytes, at: int, stop: int) -> Iterator[tuple[int, int]]:
    for _ in range(_MOST):
        at = data.find(_START, at, stop)
        if at < 0:
            return
        end = min(jpeg_parts.end(data, start=at), stop)
        yield at, end
        at = end


def _video_at(data: bytes, end: int, promises: Promises) -> int | None:
    """Return where a video begins; None where there is none."""
    if promises.video_bytes is not None:
        at = len(data) - promises.video_bytes
        if at >= end and data[at + 4 : at + 8] == b"ftyp":
            return at
    marked = data.find(_SAMSUNG, end)
    if marked >= 0 and data[marked + 20 : marked + 24] == b"ftyp":
        return marked + 16
    if promises.video:
        at = data.find(b"ftyp", end) - 4
        return at if at >= end else None
    return None


def _boxes_end(data: bytes, at: int) -> int:
    """Return where the boxes of a video end: makers put trailers of their own behind it."""
    while at + 8 <= len(data):
        (size,) = struct.unpack_from(">I", data, at)
        if size == 1 and at + 16 <= len(data):
            (size,) = struct.unpack_from(">Q", data, at + 8)
        if size == 0 and data[at + 4 : at + 8] == b"mdat":  # it goes on to the end
            return len(data)
        if size < 8 or at + size > len(data) or not data[at + 4 : at + 8].isalnum():
            break
        at += size
    return at


def _gain_map(picture: bytes, exif: bytes | None, admit: Admit) -> GainMap | None:
    """Return the map that a picture behind the first one is; None for any other."""
    packet, binary = None, None
    try:
        for marker, start, stop in jpeg_parts.segments(picture):
            payload = picture[start:stop]
            if marker == 0xE1 and payload.startswith(XMP):
                packet = packet or payload[len(XMP) :]
            elif marker == 0xE2 and payload.startswith(statement.ISO):
                binary = binary or payload[len(statement.ISO) :]
        stated = statement.of_binary(binary) if binary is not None else None
        if stated is None and packet is not None:
            stated = statement.of_xmp(packet)
        is_apple = packet is not None and apple.is_map(packet)
        if stated is None and not is_apple:
            return None
        height, width, space, _ = simplejpeg.decode_jpeg_header(picture, strict=False)
        admit(int(width), int(height))
        gray = is_apple or space == "Gray"
        samples = simplejpeg.decode_jpeg(picture, "GRAY" if gray else "RGB", strict=False)
    except (ValueError, KeyError):
        return None
    if stated is None:
        return apple.of_samples(samples[:, :, :1], apple.headroom(exif, packet))
    return GainMap(
        statement.gains(samples, stated), None, stated.least, stated.most, stated.offset_base,
        stated.offset_alternate, stated.headroom_base, stated.headroom, stated.uses_base_primaries,
    )  # fmt: skip


def coded(gain_map: GainMap) -> bytes:
    """Write a map as the JPEG that lies behind its picture, stated in ISO's way and in Adobe's."""
    samples = np.ascontiguousarray(statement.samples(gain_map))
    channels = samples.shape[2]
    space = ("GRAY", "Gray") if channels == 1 else ("RGB", "444")
    body = simplejpeg.encode_jpeg(samples, MAP_QUALITY, *space)
    stated = statement.of_map(gain_map)
    words = statement.to_xmp(stated, channels=channels)
    packet = (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF '
        'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" '
        f"{words}</rdf:Description></rdf:RDF></x:xmpmeta>"
    ).encode()
    binary = statement.to_binary(stated, channels=channels)
    return b"".join(
        (body[:2], _segment(0xE1, XMP + packet), _segment(0xE2, statement.ISO + binary), body[2:])
    )


def statements(gain_map: bytes | None, motion: Motion | None) -> str:
    """Return the description that the picture's XMP gets for what lies behind it."""
    spaces = [f'xmlns:Container="{CONTAINER}" xmlns:Item="{ITEM}"']
    attributes: list[str] = []
    items = [_item("Primary", "image/jpeg")]
    if gain_map is not None:
        spaces.append(f'xmlns:hdrgm="{HDRGM}"')
        attributes.append('hdrgm:Version="1.0"')
        items.append(_item("GainMap", "image/jpeg", len(gain_map)))
    if motion is not None:
        spaces.append(f'xmlns:GCamera="{CAMERA}"')
        size = len(motion.data)
        moment = -1 if motion.microseconds is None else motion.microseconds
        for name, number in (
            ("MotionPhoto", 1), ("MotionPhotoVersion", 1),
            ("MotionPhotoPresentationTimestampUs", moment),
            ("MicroVideo", 1), ("MicroVideoVersion", 1), ("MicroVideoOffset", size),
            ("MicroVideoPresentationTimestampUs", moment),
        ):  # fmt: skip
            attributes.append(f'GCamera:{name}="{number}"')
        kind = "video/quicktime" if motion.data[8:12] == b"qt  " else "video/mp4"
        items.append(_item("MotionPhoto", kind, size))
    listed = "".join(items)
    words = " ".join((*spaces, *attributes))
    return f"{words}><Container:Directory><rdf:Seq>{listed}</rdf:Seq></Container:Directory>"


def _item(kind: str, mime: str, length: int | None = None) -> str:
    words = f'Item:Semantic="{kind}" Item:Mime="{mime}"'
    if length is not None:
        words += f' Item:Length="{length}"'
    return f'<rdf:li rdf:parseType="Resource"><Container:Item {words}/></rdf:li>'


def base_version() -> bytes:
    """The segment with which the picture says that it has a map of ISO's."""
    return _segment(0xE2, statement.ISO + statement.BARE_VERSION)


MPF_BYTES = 90
"""Of the segment that `index` writes."""


def index(*, at: int, size: int, map_size: int) -> bytes:
    """Write the segment of MPF that names the picture and its map.

    `at` is where the segment begins, `size` how long the picture's file is up to its end.
    """
    # Offsets count from the byte order mark, behind marker, length and name.
    entries = struct.pack(
        "<IIIHHIIIHH", 0x030000, size, 0, 0, 0, 0, map_size, size - (at + 8), 0, 0
    )
    table = ifd.pack(
        "<",
        [
            ifd.Field(0xB000, ifd.UNDEFINED, 4, b"0100"),
            ifd.field("<", 0xB001, ifd.LONG, 2),
            ifd.Field(0xB002, ifd.UNDEFINED, len(entries), entries),
        ],
        at=8,
    )
    segment = _segment(0xE2, MPF + ifd.header("<", 8) + table)
    assert len(segment) == MPF_BYTES
    return segment


def _segment(marker: int, payload: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(payload) + 2) + payload
