"""What the samples of a video stand for: range, matrix, primaries and transfer by ITU-T H.273.

    E′ = M⁻¹ · (Y′, C_B, C_R)          Y′ in [0, 1], C in [−0.5, 0.5]

| function      | domain → range                             | source                            |
|---------------|--------------------------------------------|-----------------------------------|
| weights       | H.273 matrix number → K_R, K_G, K_B        | ITU-T H.273, table 4              |
| levels        | depth, range → black, span of luma, chroma | ITU-T H.273, eq. 20–25            |
| to_signal     | PQ or HLG [0, 1] → what methods see [0, 1] | ITU-R BT.2100-2, tables 4 and 5   |
| from_signal   | the way back, as below                     |                                   |

Methods are made for pictures whose white is 1. In HDR, white of ordinary things (203 cd/m²,
ITU-R BT.2408) lies far below the top, and lights lie above. So light L in multiples of that white
is seen through S = encode(h(L)), h(L) = L up to KNEE and a logarithm above it, which brings the
largest light to 1. What a method makes of S, S′, becomes light again by

    L′ = max(L, decode(S′))  where S′ ≥ S        L′ = h⁻¹(decode(S′))  where it is darker

so that ordinary things are lifted as far as white, and lights, a lamp for one, stay as bright as
they were: through h alone a wall near white would shine like the brightest of them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from math import log

import numpy as np

from relume.arrays import Floats
from relume.colour import decode_srgb, encode_srgb
from relume.errors import UnreadableError

UNSPECIFIED = 2
BT709, BT601, BT2020 = 1, 6, 9
PQ, HLG = 16, 18
LIMITED, FULL = 1, 2
"""FFmpeg's numbers of the range; 0 says nothing, which stands for limited."""

_WEIGHTS: dict[int, tuple[float, float]] = {
    BT709: (0.2126, 0.0722),
    4: (0.30, 0.11),
    5: (0.299, 0.114),
    BT601: (0.299, 0.114),
    7: (0.212, 0.087),
    BT2020: (0.2627, 0.0593),
}
"""H.273 matrix number → K_R, K_B."""

HD_LINES = 720
"""Lines from which players take a video without tags for BT.709."""

WHITE = 203.0
"""cd/m² of reference white, ITU-R BT.2408-7."""
KNEE = 0.8
"""Light, in multiples of white, up to which methods see it as it is."""
_PEAK = {PQ: 10000.0 / WHITE, HLG: 1000.0 / WHITE}
"""The largest light of each transfer, in multiples of white."""


@dataclass(frozen=True)
class Colour:
    """Range, matrix, primaries and transfer by their numbers in FFmpeg and H.273."""

    range: int = LIMITED
    matrix: int = UNSPECIFIED
    primaries: int = UNSPECIFIED
    transfer: int = UNSPECIFIED

    @property
    def is_hdr(self) -> bool:
        return self.transfer in _PEAK

    def weights(self) -> tuple[float, float, float]:
        """Return K_R, K_G, K_B; BT.601 where nothing is stated."""
        red, blue = _WEIGHTS.get(self.matrix, _WEIGHTS[BT601])
        return red, 1.0 - red - blue, blue

    def settled(self, lines: int) -> tuple[Colour, str]:
        """Complete what is not stated as players do, and say so.

        Raises: UnreadableError for a matrix that no ordinary picture has.
        """
        if self.matrix in _WEIGHTS:
            return self, ""
        if self.matrix != UNSPECIFIED:
            raise UnreadableError(
                f"the colour matrix number {self.matrix} (ITU-T H.273) is not supported; "
                "convert the video to BT.709 first"
            )
        if self.is_hdr or self.primaries == BT2020:
            return replace(self, matrix=BT2020), "matrix not stated, taken for BT.2020"
        if lines < HD_LINES:
            return self, ""
        assumed = (
            BT709 if number == UNSPECIFIED else number for number in (self.primaries, self.transfer)
        )
        primaries, transfer = assumed
        told = replace(self, matrix=BT709, primaries=primaries, transfer=transfer)
        return told, "colour not stated, taken for BT.709"


@dataclass(frozen=True)
class Levels:
    """Codes of black and neutral, and how many codes span 1."""

    black: float
    luma: float
    neutral: float
    chroma: float
    top: int


def levels(depth: int, range: int) -> Levels:
    """Return the code levels of a depth in bits and a range."""
    top, scale = 2**depth - 1, 2 ** (depth - 8)
    if range == FULL:
        return Levels(0.0, float(top), float(2 ** (depth - 1)), float(top), top)
    return Levels(16.0 * scale, 219.0 * scale, 128.0 * scale, 224.0 * scale, top)


def to_rgb_matrix(
    weights: tuple[float, float, float],
) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    """Return (3, 3): Y′, C_B, C_R → R′, G′, B′."""
    red, green, blue = weights
    return np.array(
        [
            [1.0, 0.0, 2 - 2 * red],
            [1.0, -(2 - 2 * blue) * blue / green, -(2 - 2 * red) * red / green],
            [1.0, 2 - 2 * blue, 0.0],
        ],
        np.float32,
    )


def _pq_to_light(code: Floats) -> Floats:
    """ITU-R BT.2100, table 4: E′ → light in multiples of white."""
    power = np.power(code, 1 / 78.84375)
    light = np.maximum(power - 0.8359375, 0) / (18.8515625 - 18.6875 * power)
    return np.power(light, 1 / 0.1593017578125) * _PEAK[PQ]


def _light_to_pq(light: Floats) -> Floats:
    power = np.power(np.clip(light / _PEAK[PQ], 0, 1), 0.1593017578125)
    return np.power((0.8359375 + 18.8515625 * power) / (1 + 18.6875 * power), 78.84375)


_A, _B, _C = 0.17883277, 0.28466892, 0.55991073
"""ITU-R BT.2100, table 5."""
_SYSTEM = 1.2
"""Gamma from scene to a display of 1000 cd/m², applied to each channel, which is exact for gray."""


def _hlg_to_light(code: Floats) -> Floats:
    scene = np.where(code <= 0.5, code * code / 3, (np.exp((code - _C) / _A) + _B) / 12)
    return np.power(np.clip(scene, 0, 1), _SYSTEM) * _PEAK[HLG]


def _light_to_hlg(light: Floats) -> Floats:
    scene = np.power(np.clip(light / _PEAK[HLG], 0, 1), 1 / _SYSTEM)
    bright = _A * np.log(np.maximum(12 * scene - _B, 1e-6)) + _C
    return np.where(scene <= 1 / 12, np.sqrt(3 * scene), bright)


def _shouldered(light: Floats, peak: float) -> Floats:
    over = np.log(np.maximum(light, KNEE) / KNEE) / log(peak / KNEE)
    return np.where(light <= KNEE, light, KNEE + (1 - KNEE) * over)


def _unshouldered(seen: Floats, peak: float) -> Floats:
    over = (np.maximum(seen, KNEE) - KNEE) / (1 - KNEE)
    return np.where(seen <= KNEE, seen, KNEE * np.power(peak / KNEE, over))


_SAMPLES = 8192
"""Of each table: finer than 12-bit codes, straight between."""


@lru_cache(maxsize=4)
def _tables(transfer: int) -> tuple[Floats, Floats, Floats]:
    """Return E′ → S, S → E′ of light up to white, S → E′ of all light."""
    codes = np.linspace(0, 1, _SAMPLES)
    to_light, to_code = {PQ: (_pq_to_light, _light_to_pq), HLG: (_hlg_to_light, _light_to_hlg)}[
        transfer
    ]
    peak = _PEAK[transfer]
    ahead = encode_srgb(_shouldered(to_light(codes), peak))
    lifted = to_code(decode_srgb(codes))
    back = to_code(_unshouldered(decode_srgb(codes), peak))
    return ahead.astype(np.float32), lifted.astype(np.float32), back.astype(np.float32)


def to_signal(encoded: Floats, transfer: int) -> Floats:
    """Turn E′ of an HDR transfer into what methods see; E′ of any other as it is."""
    return _read(encoded, _tables(transfer)[0]) if transfer in _PEAK else encoded


def from_signal(made: Floats, transfer: int, *, seen: Floats, encoded: Floats) -> Floats:
    """Turn what methods made of `seen`, which was `encoded`, into E′ again."""
    if transfer not in _PEAK:
        return made
    _, lifted, back = _tables(transfer)
    brighter = np.maximum(encoded, _read(made, lifted))
    return np.where(made >= seen, brighter, _read(made, back))


def _read(values: Floats, table: Floats) -> Floats:
    position = np.clip(values, 0, 1) * np.float32(_SAMPLES - 1)
    index = np.minimum(position.astype(np.int32), _SAMPLES - 2)
    low = table[index]
    read = low + (position - index) * (table[index + 1] - low)
    return read.astype(np.float32, copy=False)
