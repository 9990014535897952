"""Transfer functions, the shoulder for highlights, and weighted sums of colour channels.

| function      | domain → range                 | source                              |
|---------------|--------------------------------|-------------------------------------|
| decode_srgb   | encoded [0, 1] → linear [0, 1] | IEC 61966-2-1:1999                  |
| encode_srgb   | linear [0, 1] → encoded [0, 1] | IEC 61966-2-1:1999                  |
| roll_off      | linear [0, M] → linear [0, 1]  | Reinhard et al. 2002, eq. 4         |
| camera_matrix | XYZ → camera RGB ⟶ its inverse | DNG 1.7, chapter 6; ITU-R BT.709-6  |
| luminance     | linear RGB → Y [0, 1]          | ITU-R BT.709-6, table 1 row 3.3     |
| luma          | encoded RGB → Y′ [0, 1]        | ITU-R BT.601-7, §2.5.1              |
| value         | RGB → max(R, G, B)             | Smith 1978, HSV                     |
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from relume.arrays import Floats

LUMA_601 = (0.299, 0.587, 0.114)
LUMINANCE_709 = (0.2126, 0.7152, 0.0722)

XYZ_FROM_SRGB = np.array(
    [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
)
"""Linear sRGB → CIE XYZ under D65. IEC 61966-2-1:1999, equation 7."""


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


def roll_off(light: Floats, *, gain: float, shoulder: float) -> Floats:
    """Compress light, `gain` times what was captured, above the shoulder instead of clipping it.

    With M the gain and k the shoulder,

        f(x) = x                                      x ≤ k, or M ≤ 1
        f(x) = k + (1 − k)·u·(1 + u/U²)/(1 + u)       else, u = (x − k)/(1 − k), U = (M − k)/(1 − k)

    which is the extended curve of Reinhard et al. 2002 (eq. 4, doi 10.1145/566654.566575) above
    k: slope 1 there, increasing, concave, f(M) = 1, and the identity as M → 1.
    """
    if gain <= 1.0:
        return light
    over = np.maximum(light - shoulder, 0.0) / (1.0 - shoulder)
    most = (gain - shoulder) / (1.0 - shoulder)
    compressed = shoulder + (1.0 - shoulder) * over * (1.0 + over / most**2) / (1.0 + over)
    return np.where(light <= shoulder, light, compressed).astype(light.dtype)


def camera_matrix(xyz_to_camera: ArrayLike) -> NDArray[np.float64]:
    """Return the matrix from white-balanced camera RGB to linear sRGB, both (3, 3).

    The rows of the matrix from sRGB to the camera are brought to sum 1 before it is inverted, so
    that gray stays gray: the balance of white is not its business.
    """
    camera = np.asarray(xyz_to_camera, np.float64) @ XYZ_FROM_SRGB
    return np.linalg.inv(camera / camera.sum(axis=1, keepdims=True))


def luma(rgb: Floats) -> Floats:
    """Weigh encoded channels, (…, 3) → (…)."""
    return rgb @ np.asarray(LUMA_601, rgb.dtype)


def luminance(rgb: Floats) -> Floats:
    """Weigh linear channels, (…, 3) → (…)."""
    return rgb @ np.asarray(LUMINANCE_709, rgb.dtype)


def value(rgb: Floats) -> Floats:
    """Take the largest channel, (…, 3) → (…)."""
    # Four times as fast as the maximum along an axis of three.
    return np.maximum(np.maximum(rgb[..., 0], rgb[..., 1]), rgb[..., 2])
