"""Transfer functions and weighted sums of colour channels.

| function    | domain → range              | source                          |
|-------------|-----------------------------|---------------------------------|
| decode_srgb | encoded [0, 1] → linear [0, 1] | IEC 61966-2-1:1999           |
| encode_srgb | linear [0, 1] → encoded [0, 1] | IEC 61966-2-1:1999           |
| luminance   | linear RGB → Y [0, 1]       | ITU-R BT.709-6, table 1 row 3.3 |
| luma        | encoded RGB → Y′ [0, 1]     | ITU-R BT.601-7, §2.5.1          |
| value       | RGB → max(R, G, B)          | Smith 1978, HSV                 |
"""

from __future__ import annotations

import numpy as np

from relume.arrays import Floats

LUMA_601 = (0.299, 0.587, 0.114)
LUMINANCE_709 = (0.2126, 0.7152, 0.0722)


def decode_srgb(encoded: Floats) -> Floats:
    """Turn sRGB-encoded values into linear light."""
    toe = encoded / 12.92
    body = ((np.maximum(encoded, 0.04045) + 0.055) / 1.055) ** 2.4
    return np.where(encoded <= 0.04045, toe, body).astype(encoded.dtype)


def encode_srgb(linear: Floats) -> Floats:
    """Turn linear light into sRGB-encoded values."""
    toe = linear * 12.92
    body = 1.055 * np.maximum(linear, 0.0031308) ** (1 / 2.4) - 0.055
    return np.where(linear <= 0.0031308, toe, body).astype(linear.dtype)


def luma(rgb: Floats) -> Floats:
    """Weigh encoded channels, (…, 3) → (…)."""
    return rgb @ np.asarray(LUMA_601, rgb.dtype)


def luminance(rgb: Floats) -> Floats:
    """Weigh linear channels, (…, 3) → (…)."""
    return rgb @ np.asarray(LUMINANCE_709, rgb.dtype)


def value(rgb: Floats) -> Floats:
    """Take the largest channel, (…, 3) → (…)."""
    return rgb.max(axis=-1)
