"""What XMP promises of parts that lie beside the picture: gain maps, videos, depth.

Such statements are taken out on reading; what is written with its parts is stated anew.

Source: Ultra HDR image format 1.1 and Motion Photo format 1.0 (Google, 2023–2024).
"""

from __future__ import annotations

from relume.frozen import frozen
from relume.io.metadata import xmp_parts
from relume.io.metadata.xmp_parts import Name

HDRGM = "http://ns.adobe.com/hdr-gain-map/1.0/"
CONTAINER = "http://ns.google.com/photos/1.0/container/"
ITEM = CONTAINER + "item/"
CAMERA = "http://ns.google.com/photos/1.0/camera/"
HDR_GAIN_MAP = "http://ns.apple.com/HDRGainMap/1.0/"
PIXEL_DATA = "http://ns.apple.com/pixeldatainfo/1.0/"
_WHOLE = frozenset({HDRGM, CONTAINER, ITEM, HDR_GAIN_MAP, PIXEL_DATA})
_SPACES = (*_WHOLE, CAMERA)
_VIDEO = ("MotionPhoto", "MicroVideo")


@frozen
class Promises:
    """What a packet promised."""

    gain_map: bool = False
    video: bool = False
    video_bytes: int | None = None
    """From the end of the file to where the video begins."""
    microseconds: int | None = None
    """Of the video, at which the picture was taken."""
    others: tuple[str, ...] = ()
    """What else lies in the file, by Google's names."""


def _unwanted(name: Name) -> bool:
    return name[0] in _WHOLE or (name[0] == CAMERA and name[1].startswith(_VIDEO))


def taken_out(packet: bytes) -> tuple[bytes | None, Promises]:
    """Return a packet without promises, and what they were; None for one that promises and cannot
    be looked into."""
    if not any(space.encode() in packet for space in _SPACES):
        return packet, Promises()
    camera = xmp_parts.values(packet, CAMERA)
    items = xmp_parts.records(packet, (CONTAINER, "Item"), ITEM)
    by_kind = {item.get("Semantic", ""): item for item in items}
    is_video = any(
        camera.get(name, ["0"])[0] not in ("", "0") for name in ("MotionPhoto", "MicroVideo")
    )
    # Lengths count from the end of the file, past what lies behind the video.
    after = [item.get("Semantic", "") for item in items]
    length = None
    if "MotionPhoto" in after:
        behind = items[after.index("MotionPhoto") :]
        length = sum(_whole(item.get("Length")) or 0 for item in behind)
    promises = Promises(
        gain_map=bool(xmp_parts.values(packet, HDRGM)) or "GainMap" in by_kind,
        video=is_video or "MotionPhoto" in by_kind,
        video_bytes=length or _whole(camera.get("MicroVideoOffset", [""])[0]),
        microseconds=_whole(
            (
                camera.get("MotionPhotoPresentationTimestampUs")
                or camera.get("MicroVideoPresentationTimestampUs")
                or [""]
            )[0]
        ),
        others=tuple(
            kind for kind in by_kind if kind not in ("", "Primary", "GainMap", "MotionPhoto")
        ),
    )
    return xmp_parts.without(packet, _unwanted, spaces=_SPACES), promises


def _whole(text: str | None) -> int | None:
    try:
        return int(text or "")
    except ValueError:
        return None
