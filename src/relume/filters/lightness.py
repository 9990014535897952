"""CIE lightness, and how to move it while a* and b* stay.

With f(t) = ∛t above (6/29)³, else t/(3·(6/29)²) + 4/29, and X, Y, Z relative to the white D65,
L* = 116·f(Y) − 16, a* = 500·(f(X) − f(Y)), b* = 200·(f(Y) − f(Z)) (CIE 15:2004, eqs. 8.3–8.8).
A change of L* by 116·d at constant a* and b* therefore adds the same d to all three f.

| function         | domain → range                                       |
|------------------|------------------------------------------------------|
| to_responses     | encoded RGB [0, 1] → (f(X), f(Y), f(Z)) in [4/29, 1]  |
| from_responses   | the inverse, clipped to [0, 1]                       |
| lightness        | f(Y) → L*/100 in [0, 1]                              |
"""

from __future__ import annotations

import numpy as np

from relume.arrays import Floats, Rgb
from relume.colour import decode_srgb, encode_srgb

RGB_TO_XYZ = np.array(
    [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
)
"""IEC 61966-2-1:1999, before division by the white."""
_RELATIVE = RGB_TO_XYZ / RGB_TO_XYZ.sum(axis=1, keepdims=True)
_BACK = np.linalg.inv(_RELATIVE)
_BEND = 6.0 / 29.0


def to_responses(encoded: Rgb) -> Rgb:
    """Turn encoded RGB into the cube-root responses of CIE Lab, (…, 3) → (…, 3)."""
    relative = decode_srgb(encoded) @ _RELATIVE.T.astype(np.float32)
    linear = relative / (3.0 * _BEND**2) + 4.0 / 29.0
    return np.where(relative > _BEND**3, np.cbrt(relative), linear).astype(np.float32)


def from_responses(responses: Rgb) -> Rgb:
    """Turn cube-root responses into encoded RGB, clipped to [0, 1]."""
    relative = np.where(
        responses > _BEND, responses**3, (responses - 4.0 / 29.0) * (3.0 * _BEND**2)
    ).astype(np.float32)
    linear = np.clip(relative @ _BACK.T.astype(np.float32), 0.0, 1.0)
    return encode_srgb(linear).astype(np.float32)


def lightness(response: Floats) -> Floats:
    """Return L*/100 of f(Y)."""
    return response * 1.16 - 0.16
