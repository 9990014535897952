"""Pictures for the page: odd sizes, gray, transparent, turned, of other colours."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PIL import Image

from fake.night import night
from fake.pictures import exif, saved, srgb_profile, xmp
from fake.primaries import ADOBE_RGB, DISPLAY_P3, profile

MARK = b"Exif\0\0"
"""What begins EXIF in a JPEG."""

P3 = profile(DISPLAY_P3, gamma=2.2, name="Display P3")
ADOBE = profile(ADOBE_RGB, gamma=2.2, name="Adobe RGB")


def rgb(height: int, width: int, seed: int = 7) -> np.ndarray:
    return np.rint(night(height, width, seed=seed) * 255).astype(np.uint8)


def clear(height: int, width: int) -> np.ndarray:
    """A picture whose alpha goes from 0 to 255."""
    alpha = np.linspace(0, 255, height * width).reshape(height, width, 1).astype(np.uint8)
    return np.concatenate((rgb(height, width), alpha), axis=2)


def half_bright() -> np.ndarray:
    image = rgb(420, 90)
    image[:250] = 200
    return image


def gray_jpeg(**options: object) -> bytes:
    return saved(rgb(67, 43)[..., 1], "JPEG", quality=90, **options)


PICTURES: dict[str, Callable[[], bytes]] = {
    "one.png": lambda: saved(rgb(1, 1), "PNG"),
    "row.png": lambda: saved(rgb(1, 90), "PNG"),
    "column.png": lambda: saved(rgb(90, 1), "PNG"),
    "odd.png": lambda: saved(rgb(83, 61), "PNG"),
    "wide.png": lambda: saved(rgb(40, 1301), "PNG"),
    "half.png": lambda: saved(half_bright(), "PNG"),
    "white.png": lambda: saved(np.full((30, 50, 3), 255, np.uint8), "PNG"),
    "black.png": lambda: saved(np.zeros((30, 50, 3), np.uint8), "PNG"),
    "gray.png": lambda: saved(rgb(67, 43)[..., 1], "PNG"),
    "palette.png": lambda: saved(Image.fromarray(rgb(40, 50)).quantize(16), "PNG"),
    "alpha.png": lambda: saved(clear(60, 70), "PNG"),
    "hidden.png": lambda: saved(np.dstack((rgb(30, 40), np.zeros((30, 40), np.uint8))), "PNG"),
    "p3.png": lambda: saved(rgb(50, 70), "PNG", icc_profile=P3, exif=exif()),
    "plain.jpg": lambda: saved(rgb(121, 97), "JPEG", quality=92),
    "full.jpg": lambda: saved(rgb(64, 64), "JPEG", quality=95, subsampling=0),
    "progressive.jpg": lambda: saved(rgb(77, 130), "JPEG", progressive=True),
    "gray.jpg": gray_jpeg,
    "turned.jpg": lambda: saved(rgb(20, 31), "JPEG", exif=MARK + exif(6), xmp=xmp(6)),
    "turned.webp": lambda: saved(rgb(20, 31), "WEBP", lossless=True, exif=exif(5)),
    "turned.png": lambda: saved(clear(20, 31), "PNG", exif=exif(8)),
    "p3.jpg": lambda: saved(rgb(90, 120), "JPEG", icc_profile=P3, exif=MARK + exif()),
    "adobe.jpg": lambda: saved(rgb(60, 80), "JPEG", icc_profile=ADOBE, xmp=xmp()),
    "srgb.webp": lambda: saved(rgb(50, 60), "WEBP", lossless=True, icc_profile=srgb_profile()),
}
