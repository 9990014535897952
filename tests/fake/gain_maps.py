"""JPEG files with gain maps and videos behind them, as phones and editors write them."""

from __future__ import annotations

import struct
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

XMP = b"http://ns.adobe.com/xap/1.0/\0"
ISO = b"urn:iso:std:iso:ts:21496:-1\0"
RDF = 'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"'
HDRGM = 'xmlns:hdrgm="http://ns.adobe.com/hdr-gain-map/1.0/"'
CONTAINER = (
    'xmlns:Container="http://ns.google.com/photos/1.0/container/" '
    'xmlns:Item="http://ns.google.com/photos/1.0/container/item/"'
)
CAMERA = 'xmlns:GCamera="http://ns.google.com/photos/1.0/camera/"'
STOPS, OFFSET = 2.0, 1 / 64
VIDEO = b"\0\0\0\x14ftypisom\0\0\2\0isom" + struct.pack(">I", 300) + b"mdat" + bytes(292)


def packet(words: str) -> bytes:
    """An XMP packet of one description, whose attributes and elements are given."""
    return (
        f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF {RDF}>'
        f'<rdf:Description rdf:about="" {words}</rdf:Description></rdf:RDF></x:xmpmeta>'
    ).encode()


def segment(marker: int, payload: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(payload) + 2) + payload


def jpeg(array: NDArray[Any], *segments: bytes, quality: int = 98) -> bytes:
    stream = BytesIO()
    Image.fromarray(array).save(stream, "JPEG", quality=quality, subsampling=0)
    data = stream.getvalue()
    return data[:2] + b"".join(segments) + data[2:]


def scene(height: int = 64, width: int = 96) -> NDArray[np.uint8]:
    """A dark picture with a bright window in its upper right quarter."""
    dark = np.linspace(20, 60, width)[None, :] * np.ones((height, 1))
    dark[: height // 2, width // 2 :] = 215
    return np.repeat(dark[..., None], 3, axis=2).astype(np.uint8)


def samples(height: int = 32, width: int = 48) -> NDArray[np.uint8]:
    """Its map: the window is two stops brighter than the base shows it."""
    found = np.zeros((height, width), np.uint8)
    found[: height // 2, width // 2 :] = 255
    return found


ADOBE = packet(
    f'{HDRGM} hdrgm:Version="1.0" hdrgm:GainMapMax="{STOPS}" hdrgm:HDRCapacityMax="{STOPS}">'
)


def adobe_of_three(gamma: float = 1.0) -> bytes:
    def each(name: str, *numbers: float) -> str:
        items = "".join(f"<rdf:li>{one}</rdf:li>" for one in numbers)
        return f"<hdrgm:{name}><rdf:Seq>{items}</rdf:Seq></hdrgm:{name}>"

    return packet(
        f'{HDRGM} hdrgm:Version="1.0" hdrgm:HDRCapacityMin="0" hdrgm:HDRCapacityMax="{STOPS}">'
        + each("GainMapMin", 0, 0, 0)
        + each("GainMapMax", STOPS, STOPS, STOPS)
        + each("Gamma", gamma, gamma, gamma)
    )


def iso(*, channels: int = 1, common: bool = False) -> bytes:
    """The payload of ISO 21496-1, annex C; with one denominator as libultrahdr may write it."""
    head = struct.pack(">HHB", 0, 0, (0x80 if channels == 3 else 0) | 0x40 | (8 if common else 0))
    numbers = [0, STOPS, *[0, STOPS, 1, OFFSET, OFFSET] * channels]
    if common:
        return head + struct.pack(f">I{len(numbers)}i", 64, *(round(one * 64) for one in numbers))
    return head + b"".join(struct.pack(">iI", round(one * 64), 64) for one in numbers)


def ultra_hdr(
    stated: bytes = ADOBE,
    *,
    by: str = "xmp",
    extra: str = "",
    before: tuple[bytes, ...] = (),
    base: NDArray[Any] | None = None,
    gain: NDArray[Any] | None = None,
    video: bytes = b"",
    padding: int = 0,
) -> bytes:
    """A base with a map, stated in the map's XMP or in ISO's segment, and perhaps a video."""
    own = segment(0xE1, XMP + stated) if by == "xmp" else segment(0xE2, ISO + stated)
    gain_map = jpeg(samples() if gain is None else gain, own)
    items = (
        '<rdf:li rdf:parseType="Resource"><Container:Item Item:Semantic="Primary" '
        f'Item:Mime="image/jpeg" Item:Padding="{padding}"/></rdf:li>'
        '<rdf:li rdf:parseType="Resource"><Container:Item Item:Semantic="GainMap" '
        f'Item:Mime="image/jpeg" Item:Length="{len(gain_map)}"/></rdf:li>'
    )
    if video:
        items += (
            '<rdf:li rdf:parseType="Resource"><Container:Item Item:Semantic="MotionPhoto" '
            f'Item:Mime="video/mp4" Item:Length="{len(video)}"/></rdf:li>'
        )
        extra += f' {CAMERA} GCamera:MotionPhoto="1" GCamera:MotionPhotoVersion="1"'
    words = packet(
        f'{HDRGM} {CONTAINER} hdrgm:Version="1.0" {extra}><Container:Directory><rdf:Seq>{items}'
        "</rdf:Seq></Container:Directory>"
    )
    picture = jpeg(scene() if base is None else base, *before, segment(0xE1, XMP + words))
    return picture + bytes(padding) + gain_map + video


def apple(stops: float) -> bytes:
    """A JPEG as an iPhone exports it: the map is one of its pictures, and says what it is."""
    words = packet(
        'xmlns:HDRGainMap="http://ns.apple.com/HDRGainMap/1.0/" '
        'xmlns:apdi="http://ns.apple.com/pixeldatainfo/1.0/" HDRGainMap:HDRGainMapVersion="131072" '
        f'HDRGainMap:HDRGainMapHeadroom="{2**stops}" '
        'apdi:AuxiliaryImageType="urn:com:apple:photo:2020:aux:hdrgainmap">'
    )
    index = b"MPF\0II*\0\x08\0\0\0\0\0\0\0\0\0"
    return jpeg(scene(), segment(0xE2, index)) + jpeg(samples(), segment(0xE1, XMP + words))


def motion(*, by: str = "Container", video: bytes = VIDEO, tail: bytes = b"") -> bytes:
    """A motion photo: a video behind the picture."""
    length = len(video) + len(tail)
    words = {
        "Container": (
            f'{CAMERA} {CONTAINER} GCamera:MotionPhoto="1" GCamera:MotionPhotoVersion="1" '
            'GCamera:MotionPhotoPresentationTimestampUs="500000"><Container:Directory><rdf:Seq>'
            '<rdf:li rdf:parseType="Resource"><Container:Item Item:Semantic="Primary" '
            'Item:Mime="image/jpeg"/></rdf:li><rdf:li rdf:parseType="Resource"><Container:Item '
            f'Item:Semantic="MotionPhoto" Item:Mime="video/mp4" Item:Length="{length}"/></rdf:li>'
            "</rdf:Seq></Container:Directory>"
        ),
        "MicroVideo": (
            f'{CAMERA} GCamera:MicroVideo="1" GCamera:MicroVideoVersion="1" '
            f'GCamera:MicroVideoOffset="{length}" '
            'GCamera:MicroVideoPresentationTimestampUs="500000">'
        ),
    }
    if by == "Samsung":
        return jpeg(scene()) + b"MotionPhoto_Data" + video + tail
    return jpeg(scene(), segment(0xE1, XMP + packet(words[by]))) + video + tail
