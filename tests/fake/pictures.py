"""Miniature test pictures of every kind, made by other writers than the ones under test."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from functools import cache
from io import BytesIO
from typing import Any

import cv2
import numpy as np
import pyvips
import tifffile
from PIL import Image, ImageCms

MAKER_NOTE = b"Maker\0\1\2" + bytes(range(40))
MAKE, SOFTWARE = b"Dark Optics\0", b"firmware 1.0 of the camera\0"
GPS_LATITUDE = (52, 1, 31, 1, 12, 1)
"""Degrees, minutes and seconds as three rationals."""
THUMBNAIL = b"\xff\xd8thumbnail\xff\xd9"


def pixels(height: int, width: int, *, channels: int = 3, bits: int = 8, seed: int = 0) -> Any:
    """Noise over the whole range; (H, W) for one channel."""
    shape = (height, width, channels)[: 2 if channels == 1 else 3]
    rng = np.random.default_rng(seed)
    return rng.integers(0, 1 << bits, shape, np.uint8 if bits == 8 else np.uint16)


def smooth(height: int, width: int, *, channels: int = 3) -> Any:
    """Slopes without symmetry, which lossy formats keep well: each channel, each corner differs."""
    down, across = np.mgrid[0:height, 0:width] / max(height, width, 20)
    planes = [60 + 120 * down + 40 * across, 200 - 90 * across, 30 + 100 * down * across]
    stacked = np.stack(planes[:channels], axis=-1).astype(np.uint8)
    return stacked[..., 0] if channels == 1 else stacked


def saved(array: Any, kind: str, **options: Any) -> bytes:
    """Write an array, or a Pillow picture, with Pillow."""
    picture = array if isinstance(array, Image.Image) else Image.fromarray(array)
    stream = BytesIO()
    picture.save(stream, kind, **options)
    return stream.getvalue()


@cache
def srgb_profile() -> bytes:
    """One and the same: the library puts the time of the call in."""
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def cmyk_profile() -> bytes:
    return bytes(pyvips.Image.profile_load("cmyk"))


def xmp(orientation: int = 1) -> bytes:
    return (
        '<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description '
        f'xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="{orientation}"/>'
        '</rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
    ).encode()


def exif(
    orientation: int = 1,
    *,
    order: str = "<",
    size: tuple[int, int] = (31, 20),
    note: bytes = MAKER_NOTE,
) -> bytes:
    """An EXIF blob with camera, software, maker note, position and a thumbnail at its end."""

    def table(at: int, rows: list[tuple[int, int, int, bytes]], following: int = 0) -> bytes:
        head, values = struct.pack(order + "H", len(rows)), b""
        values_at = at + 2 + 12 * len(rows) + 4
        for tag, kind, count, value in rows:
            slot = value.ljust(4, b"\0")
            if len(value) > 4:
                slot = struct.pack(order + "I", values_at + len(values))
                values += value + b"\0" * (len(value) % 2)
            head += struct.pack(order + "HHI", tag, kind, count) + slot
        return head + struct.pack(order + "I", following) + values

    def short(number: int) -> bytes:
        return struct.pack(order + "H", number)

    def long(number: int) -> bytes:
        return struct.pack(order + "I", number)

    def first(camera_at: int, position_at: int, second_at: int) -> bytes:
        rows = [
            (0x010F, 2, len(MAKE), MAKE),
            (0x0112, 3, 1, short(orientation)),
            (0x011A, 5, 1, struct.pack(order + "II", 300, 1)),
            (0x011B, 5, 1, struct.pack(order + "II", 240, 1)),
            (0x0128, 3, 1, short(2)),
            (0x0131, 2, len(SOFTWARE), SOFTWARE),
            (0x8769, 4, 1, long(camera_at)),
            (0x8825, 4, 1, long(position_at)),
        ]
        return table(8, rows, second_at)

    camera_at = 8 + len(first(0, 0, 0))
    camera = table(
        camera_at,
        [
            (0x829A, 5, 1, struct.pack(order + "II", 1, 15)),
            (0x927C, 7, len(note), note),
            (0xA002, 4, 1, long(size[0])),
            (0xA003, 4, 1, long(size[1])),
        ],
    )
    position_at = camera_at + len(camera)
    latitude = struct.pack(order + "6I", *GPS_LATITUDE)
    position = table(position_at, [(1, 2, 2, b"N\0"), (2, 5, 3, latitude)])
    second_at = position_at + len(position)
    thumbnail_at = second_at + 2 + 24 + 4
    second = table(
        second_at, [(0x0201, 4, 1, long(thumbnail_at)), (0x0202, 4, 1, long(len(THUMBNAIL)))]
    )
    head = (b"II" if order == "<" else b"MM") + struct.pack(order + "HI", 42, 8)
    return head + first(camera_at, position_at, second_at) + camera + position + second + THUMBNAIL


def chunk(kind: bytes, content: bytes) -> bytes:
    """One chunk of a PNG."""
    check = struct.pack(">I", zlib.crc32(kind + content))
    return struct.pack(">I", len(content)) + kind + content + check


def declared_png(width: int, height: int) -> bytes:
    """A PNG of a hundred bytes that claims a size."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = chunk(b"IDAT", zlib.compress(b"\0" * 64))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + rows + chunk(b"IEND", b"")


def with_chunk(png: bytes, kind: bytes, content: bytes) -> bytes:
    """Put a chunk behind the header of a PNG."""
    return png[:33] + chunk(kind, content) + png[33:]


def tiff(array: Any, **options: Any) -> bytes:
    """Write a TIFF with tifffile, which knows every kind of sample."""
    stream = BytesIO()
    tifffile.imwrite(stream, array, **options)
    return stream.getvalue()


def png16(array: Any) -> bytes:
    """Write a 16-bit PNG with OpenCV, (H, W), (H, W, 3) or (H, W, 4) in RGB order."""
    turned = array if array.ndim == 2 else array[..., [2, 1, 0, 3][: array.shape[2]]]
    return cv2.imencode(".png", turned)[1].tobytes()


def animated(kind: str) -> bytes:
    frames = [Image.fromarray(smooth(20, 31)), Image.fromarray(255 - smooth(20, 31))]
    return saved(frames[0], kind, save_all=True, append_images=frames[1:])


def _every_kind() -> dict[str, Callable[[], bytes]]:
    rgb, gray = smooth(20, 31), smooth(20, 31, channels=1)
    picture = Image.fromarray(rgb)
    alpha = picture.copy()
    alpha.putalpha(Image.fromarray(gray))
    return {
        "jpeg": lambda: saved(rgb, "JPEG", exif=b"Exif\0\0" + exif(6), xmp=xmp(6)),
        "jpeg progressive": lambda: saved(rgb, "JPEG", progressive=True),
        "jpeg gray": lambda: saved(gray, "JPEG"),
        "jpeg cmyk": lambda: saved(picture.convert("CMYK"), "JPEG"),
        "png": lambda: saved(rgb, "PNG", exif=exif(6), icc_profile=srgb_profile()),
        "png alpha": lambda: saved(alpha, "PNG"),
        "png palette": lambda: saved(picture.quantize(7), "PNG"),
        "png 1 bit": lambda: saved(picture.convert("1"), "PNG"),
        "png 16 bit": lambda: png16(pixels(20, 31, bits=16)),
        "png animated": lambda: animated("PNG"),
        "webp": lambda: saved(rgb, "WEBP", exif=exif(6), xmp=xmp(6)),
        "webp lossless": lambda: saved(alpha, "WEBP", lossless=True),
        "webp animated": lambda: animated("WEBP"),
        "tiff": lambda: saved(rgb, "TIFF", icc_profile=srgb_profile()),
        "tiff lzw": lambda: saved(rgb, "TIFF", compression="tiff_lzw"),
        "tiff jpeg": lambda: saved(rgb, "TIFF", compression="jpeg"),
        "tiff 1 bit": lambda: saved(picture.convert("1"), "TIFF"),
        "tiff palette": lambda: saved(picture.quantize(7), "TIFF"),
        "tiff cmyk": lambda: saved(picture.convert("CMYK"), "TIFF"),
        "tiff big": lambda: tiff(rgb, bigtiff=True, photometric="rgb"),
        "tiff 16 bit": lambda: tiff(pixels(20, 31, bits=16), photometric="rgb", byteorder=">"),
        "bmp": lambda: saved(rgb, "BMP"),
        "bmp gray": lambda: saved(gray, "BMP"),
        "avif": lambda: saved(rgb, "AVIF", exif=exif(6), xmp=xmp(6)),
        "avif alpha": lambda: saved(alpha, "AVIF"),
    }


KINDS = _every_kind()
"""Name → maker of a valid file."""
