"""Transfer curves: encoded values to linear light and back.

Light is relative to diffuse white, which is 1; only PQ and HLG go beyond it.

| curve      | encoded → light          | source                                     |
|------------|--------------------------|--------------------------------------------|
| Parametric | [0, 1] → [0, 1]          | ICC.1:2022, section 10.18, function type 4 |
| Sampled    | [0, 1] → [0, 1]          | ICC.1:2022, section 10.6                   |
| Quantizer  | [0, 1] → [0, 10000/203]  | ITU-R BT.2100-2, table 4                   |
| HybridLog  | [0, 1] → [0, 3.77]       | ITU-R BT.2100-2, table 5                   |
"""

from __future__ import annotations

from functools import lru_cache
from math import exp, log, sqrt
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from relume.frozen import frozen

Values: TypeAlias = NDArray[np.float64]

DIFFUSE_WHITE = 203.0
"""cd/m² of a sheet of white paper in HDR pictures. ITU-R BT.2408-7, section 2.1."""


@frozen
class Parametric:
    """light = (a·x + b)^g + e where x ≥ d, else c·x + f."""

    g: float
    a: float = 1.0
    b: float = 0.0
    c: float = 0.0
    d: float = 0.0
    e: float = 0.0
    f: float = 0.0

    peak = 1.0

    def decode(self, encoded: Values) -> Values:
        body = np.maximum(self.a * encoded + self.b, 0.0) ** self.g + self.e
        return np.where(encoded >= self.d, body, self.c * encoded + self.f)

    def encode(self, light: Values) -> Values:
        body = (np.maximum(light - self.e, 0.0) ** (1.0 / self.g) - self.b) / self.a
        toe = (light - self.f) / self.c if self.c else np.zeros_like(light)
        return np.clip(np.where(body >= self.d, body, np.minimum(toe, self.d)), 0.0, 1.0)


@frozen
class Sampled:
    """A table at even distances from 0 to 1, straight lines between."""

    samples: tuple[float, ...]

    peak = 1.0

    def decode(self, encoded: Values) -> Values:
        return np.interp(encoded, np.linspace(0.0, 1.0, len(self.samples)), self.samples)

    def encode(self, light: Values) -> Values:
        # A table may stand still for a while, but one that falls has no way back.
        rising = np.maximum.accumulate(np.asarray(self.samples))
        return np.interp(light, rising, np.linspace(0.0, 1.0, len(self.samples)))


@frozen
class Quantizer:
    """PQ, the perceptual quantizer: absolute light of up to 10 000 cd/m²."""

    peak = 10000.0 / DIFFUSE_WHITE

    def decode(self, encoded: Values) -> Values:
        root = np.maximum(encoded, 0.0) ** (1.0 / _M2)
        ratio = np.maximum(root - _C1, 0.0) / (_C2 - _C3 * root)
        return ratio ** (1.0 / _M1) * self.peak

    def encode(self, light: Values) -> Values:
        power = np.clip(light / self.peak, 0.0, 1.0) ** _M1
        return ((_C1 + _C2 * power) / (1.0 + _C3 * power)) ** _M2


_M1, _M2 = 2610 / 16384, 2523 / 4096 * 128
_C1, _C2, _C3 = 3424 / 4096, 2413 / 4096 * 32, 2392 / 4096 * 32


@frozen
class HybridLog:
    """HLG: the light of the scene; diffuse white is at 75 % of the signal (BT.2408-7, table 1)."""

    @property
    def peak(self) -> float:
        return 1.0 / _HLG_WHITE

    def decode(self, encoded: Values) -> Values:
        body = (np.exp((np.maximum(encoded, 0.5) - _C) / _A) + _B) / 12.0
        return np.where(encoded <= 0.5, encoded**2 / 3.0, body) / _HLG_WHITE

    def encode(self, light: Values) -> Values:
        scene = np.clip(light * _HLG_WHITE, 0.0, 1.0)
        body = _A * np.log(np.maximum(12.0 * scene - _B, 1e-9)) + _C
        return np.where(scene <= 1.0 / 12.0, np.sqrt(3.0 * scene), body)


_A = 0.17883277
_B = 1.0 - 4.0 * _A
_C = 0.5 - _A * log(4.0 * _A)
_HLG_WHITE = (exp((0.75 - _C) / _A) + _B) / 12.0

Curve: TypeAlias = Parametric | Sampled | Quantizer | HybridLog

SRGB = Parametric(2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
"""IEC 61966-2-1:1999."""
CAMERA = Parametric(1 / 0.45, 1 / 1.09929682, 0.09929682 / 1.09929682, 1 / 4.5, 0.08124286)
"""The inverse of what BT.709, BT.601 and BT.2020 let a camera do. ITU-R BT.2020-2, table 4."""
LINEAR = Parametric(1.0)

NEAR = 0.006
"""One and a half levels of 8 bits, sRGB-encoded: curves no farther apart look the same."""
_PROBES = np.linspace(0.0, 1.0, 65)


@lru_cache(maxsize=64)
def near(one: Curve, other: Curve) -> bool:
    """Whether two curves mean the same, as sRGB would encode their light."""
    if one == other:
        return True
    if one.peak != other.peak:
        return False
    apart = SRGB.encode(one.decode(_PROBES)) - SRGB.encode(other.decode(_PROBES))
    return bool(np.abs(apart).max() < NEAR)


def mean_gamma(curve: Curve) -> float:
    """Return the exponent that gives middle gray the same light, for words."""
    light = float(curve.decode(np.array([0.5]))[0])
    return log(light) / log(0.5) if 0.0 < light < 1.0 else sqrt(1.0)
