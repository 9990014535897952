"""ICC profiles: kept byte for byte, except that CMYK is converted to sRGB.

Source: ICC.1:2022, section 7.2 (header: colour space at byte 16, date at byte 24, signature 'acsp'
at byte 36).
"""

from __future__ import annotations

import struct
from contextlib import suppress
from functools import cache
from io import BytesIO
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from relume.colour_statement.icc import colour_space
from relume.io import vips
from relume.io.pixels import ROWS

if TYPE_CHECKING:
    from PIL import Image

BARE_CMYK = "CMYK without a usable profile converted to sRGB: colours are approximate"
CMYK = "CMYK converted to sRGB through its profile"


@cache
def srgb() -> bytes:
    """Return a profile of sRGB, the same bytes each time."""
    from PIL import ImageCms

    made = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    # The library puts the time of the call in: that of the standard instead.
    return made[:24] + struct.pack(">6H", 1999, 10, 1, 0, 0, 0) + made[36:]


def deep_cmyk_to_srgb(
    inks: NDArray[np.uint16], profile: bytes | None
) -> tuple[NDArray[np.uint16], str]:
    """Convert (H, W, 4) inks, 65535 for all of one, to (H, W, 3) and say how."""
    if profile is not None and colour_space(profile) == "CMYK":
        with suppress(vips.failure()):
            return vips.converted(inks, profile, srgb()), CMYK
    rgb = np.empty((*inks.shape[:2], 3), np.uint16)
    for top in range(0, len(inks), ROWS):
        left = np.uint64(65535) - inks[top : top + ROWS]
        rgb[top : top + ROWS] = (left[..., :3] * left[..., 3:] + 32767) // 65535
    return rgb, BARE_CMYK


def cmyk_to_srgb(picture: Image.Image, profile: bytes | None) -> tuple[Image.Image, str]:
    """Convert a CMYK picture to RGB and say how."""
    from PIL import ImageCms

    if profile is not None and colour_space(profile) == "CMYK":
        try:
            source = ImageCms.ImageCmsProfile(BytesIO(profile))
            target = ImageCms.createProfile("sRGB")
            turned = ImageCms.profileToProfile(picture, source, target, outputMode="RGB")
        except (ImageCms.PyCMSError, OSError, ValueError):
            turned = None
        if turned is not None:
            return turned, CMYK
    return picture.convert("RGB"), BARE_CMYK
