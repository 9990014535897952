"""Turn a finished picture into what a sensor could have counted of the scene in the dark.

Brooks et al., Unprocessing Images for Learned Raw Denoising, CVPR 2019, section 3, in its order
backwards: transfer function, colour matrix, white balance, mosaic, noise. Here the exposure is cut
by some stops before the noise, and counts are whole numbers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from relume.arrays import Plane, Rgb
from relume.colour import decode_srgb, encode_srgb
from relume.data.camera_matrices import draw_camera
from relume.data.mosaicking import balanced, mosaicked
from relume.data.sensor_noise import draw_noise
from relume.errors import ContractError
from relume.photo import Mosaic

BITS = (12, 14)
BLACK = 1 / 32
"""Black level as a part of the whole range: 512 of 16383 at Sony, 128 of 4095 at Panasonic."""
BRIGHT = 0.9
"""Linear light, of the darkest channel, from which on a highlight is taken to be cut off."""


@dataclass(frozen=True, eq=False)
class Shot:
    """A scene in the dark, and what is known of it."""

    mosaic: Mosaic
    picture: Rgb
    """The scene developed, (H, W, 3): white-balanced camera RGB with the transfer function of
    sRGB."""
    ratio: float
    """Of the exposure of `picture` to that of the mosaic."""


@dataclass(frozen=True)
class Unprocess:
    """(H, W, 3) float32 sRGB in [0, 1], H and W even → mosaic, picture, ratio.

    The mosaic, (H, W) float32 in [0, 1], is normalised, RGGB and white-balanced; for picture and
    ratio see `Shot`.
    """

    stops: tuple[float, float] = (1.0, 8.0)
    """Range of the darkening, drawn evenly."""
    gains: tuple[float, float] = (1.2, 2.8)
    """Range of the white balance of red and of blue: daylight is about 2 and 1.6, tungsten 1.3
    and 2.6."""
    highlights: tuple[float, float] = (0.0, 4.0)
    """Range of the stops by which what is white was brighter than white."""
    highlight_chance: float = 0.5
    """Part of the pictures with brighter whites."""
    plain_chance: float = 0.0
    """Part of the pictures whose camera sees the primaries of sRGB: colours are as vivid as can be,
    as in mosaics that come without a colour matrix."""
    least_electrons: float = 16.0
    """That white must give in the dark, or a less sensitive setting is taken: below, no picture is
    left."""

    def __post_init__(self) -> None:
        for name, (low, high) in (("stops", self.stops), ("highlights", self.highlights)):
            if not 0 <= low <= high:
                raise ContractError(
                    f"unprocess: {name}: expected 0 ≤ low ≤ high, got {low}, {high}"
                )
        if not 1 <= self.gains[0] <= self.gains[1]:
            raise ContractError(f"unprocess: gains: expected 1 ≤ low ≤ high, got {self.gains}")
        if not 0 <= self.plain_chance <= 1:
            raise ContractError("unprocess: plain_chance: expected 0 to 1")
        if not self.least_electrons > 0:
            raise ContractError("unprocess: least_electrons: expected more than 0")

    def __call__(self, image: Rgb, *, random: np.random.Generator) -> tuple[Plane, Rgb, float]:
        shot = self.shoot(image, random=random)
        plane = balanced(shot.mosaic.normalised(), shot.mosaic.white_balance)
        return plane, shot.picture, shot.ratio

    def shoot(self, image: Rgb, *, random: np.random.Generator) -> Shot:
        """Return what a random sensor counts of the scene in `image`, darkened at random."""
        height, width = image.shape[:2]
        if image.ndim != 3 or image.shape[2] != 3 or height % 2 or width % 2:
            raise ContractError(f"unprocess: expected (H, W, 3) of even sides, got {image.shape}")
        matrix = draw_camera(random=random)
        if self.plain_chance and random.random() < self.plain_chance:
            matrix = np.eye(3)
        into_camera = np.linalg.inv(matrix).T.astype(np.float32)
        linear = decode_srgb(image).astype(np.float32, copy=False)
        scene = np.clip(linear @ into_camera, 0, 1, dtype=np.float32)
        ratio = float(2 ** random.uniform(*self.stops))
        gains = (float(random.uniform(*self.gains)), 1.0, float(random.uniform(*self.gains)))
        light = self._brightened(scene, random=random) / np.float32(ratio)
        light /= np.array(gains, np.float32)
        noise = draw_noise(random=random, most_shot=1 / (self.least_electrons * ratio))
        samples = noise(mosaicked(light), random=random)
        white = 2 ** int(random.choice(BITS)) - 1
        black = round(white * BLACK)
        mosaic = Mosaic(
            _counted(samples, black=black, white=white),
            cfa="RGGB",
            black=(black,) * 4,
            white=white,
            white_balance=gains,
            matrix=matrix,
        )
        return Shot(mosaic, encode_srgb(scene), ratio)

    def _brightened(self, scene: Rgb, *, random: np.random.Generator) -> Rgb:
        """Give whites the light that a picture cuts off, so that lamps are lamps in the dark."""
        stops = random.uniform(*self.highlights)
        if random.random() >= self.highlight_chance:
            return scene
        excess = (scene.min(axis=2, keepdims=True) - np.float32(BRIGHT)) / np.float32(1 - BRIGHT)
        return scene * np.exp2(np.float32(stops) * np.maximum(excess, 0))


def _counted(samples: Plane, *, black: int, white: int) -> NDArray[np.uint16]:
    """Round to whole counts, 0 is `black` and 1 is `white`; a sensor counts from 0 to `white`."""
    counts = np.rint(samples * np.float32(white - black) + np.float32(black))
    return np.clip(counts, 0, white).astype(np.uint16)
