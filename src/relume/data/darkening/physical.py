"""Darken a well-exposed photo as less light, a sensor and a camera would.

Light: decode sRGB; what is clipped in the photo may have been brighter than white; fewer stops of
light, unevenly over the frame and slightly tinted. Sensor: noise of variance shot · light + read².
Camera: encode, another tone curve and black level, 8 bits, JPEG.

The noise model is that of Foi et al., IEEE TIP 17(10), 2008, eq. 3 (doi 10.1109/TIP.2008.2001399).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log

import numpy as np
import simplejpeg

from relume.arrays import Floats, Rgb
from relume.colour import decode_srgb, encode_srgb
from relume.data.uneven_light import field, shade
from relume.errors import ContractError

KNOTS = 65536
"""Entries of the tables of the sRGB transfer functions: 0.05 of an 8-bit level where steepest."""


_GRAINS = ("luma_grain", "colour_grain", "colour_share")


@dataclass(frozen=True)
class Darkening:
    """How dark, how uneven, how noisy; a range is drawn from anew for each photo."""

    stops: tuple[float, ...] = (0.0, 7.0)
    """Of light that is missing, drawn evenly."""
    unevenness: float = 2.0
    """Largest difference of light within a frame, in stops; half of the photos are lit evenly."""
    beyond_white: float = 0.5
    """Share of photos whose bright parts (lamps, windows, skies) stay bright for longer: the scene
    had more contrast than the photo shows."""
    shade: float = 0.0
    """Share of photos of which a part stands in the shade and the rest has more light: people
    before a window, rooms with a door, a flash at night."""
    lit: float = 0.0
    """Share of those partly in the shade whose rest lacks no light at all."""
    second_light: float = 0.0
    """Share of those partly in the shade that a second light reaches, with borders of its own: two
    lamps, a lamp and a window."""
    cast: float = 0.08
    """Largest relative gain or loss of a channel in linear light."""
    shot: tuple[float, ...] = (1e-5, 2e-3)
    """Shot noise: 1 / the electrons that white stands for, drawn by its logarithm. From a large
    sensor at base sensitivity to a small one at ISO 6400."""
    read_electrons: tuple[float, ...] = (1.0, 6.0)
    """Read noise, standard deviation in electrons."""
    smooth_noise: float = 0.5
    """Share of photos whose noise is partly coarse, as demosaicing and denoising leave it."""
    grain: float = 0.0
    """Share of photos whose noise was filtered in luma and colour apart, as cameras do."""
    luma_grain: tuple[float, ...] = (0.2, 1.2)
    """Standard deviation, in pixels, of the Gaussian that the filtered noise's luma went through:
    from bilinear demosaicing of a mosaic to strong denoising."""
    colour_grain: tuple[float, ...] = (0.4, 3.0)
    """The same of its colour, which eyes resolve less, so cameras blur it more."""
    colour_share: tuple[float, ...] = (0.4, 1.4)
    """Factor of the filtered noise's colour: below 1 where a camera subdues it, above 1 where white
    balance and colour matrix spread it."""
    banding: float = 0.0
    """Share of photos with noise that rows have in common, up to half of the read noise
    (Wei, Fu, Yang, Huang, CVPR 2020, section 3.1: row noise)."""
    gamma: tuple[float, ...] = (0.8, 1.3)
    """Exponent of the camera's tone curve on encoded values, drawn by its logarithm."""
    black: float = 0.01
    """Largest error of the black level, of encoded values, either way."""
    jpeg: float = 0.5
    """Share of photos that are compressed."""
    quality: tuple[float, ...] = (60.0, 98.0)
    """JPEG quality."""

    def __post_init__(self) -> None:
        for name in ("stops", "shot", "read_electrons", "gamma", "quality", *_GRAINS):
            values: tuple[float, ...] = getattr(self, name)
            if len(values) != 2 or not 0 <= values[0] <= values[1]:
                raise ContractError(f"darkening.{name}: expected two rising numbers, got {values}")
        if self.shot[0] <= 0 or self.gamma[0] <= 0:
            raise ContractError("darkening: shot and gamma are drawn by logarithm, so above 0")
        if not 1 <= self.quality[0] <= self.quality[1] <= 100:
            raise ContractError(f"darkening.quality: expected 1 to 100, got {self.quality}")

    def __call__(self, image: Rgb, *, random: np.random.Generator, progress: float = 0.0) -> Rgb:
        """Return a dark picture, rounded to 8 bits; (H, W, 3) sRGB in [0, 1] → the same.

        `progress` of the training does not matter: every darkness is learnt from the start.
        """
        stops = _between(self.stops, random)
        light = _DECODED[_index(image)]
        if random.random() < self.beyond_white:
            light *= _hidden_light(
                image, most=2.0 ** random.uniform(0, stops), start=random.uniform(0.4, 0.95)
            )
        lost = np.full((1, 1, 1), stops)
        if self.shade and random.random() < self.shade:
            lost = stops * (1 - self._reached(image, random=random))
        if random.random() < 0.5:
            lost = lost + random.uniform(0, self.unevenness) * field(image.shape, random=random)
        tint = 1 + self.cast * random.uniform(-1, 1, 3)
        light *= (np.exp2(-np.maximum(lost, 0)) * tint).astype(np.float32)
        light += self._noise(light, random=random)
        encoded = _ENCODED[_index(light)]
        encoded **= np.float32(_by_logarithm(self.gamma, random))
        black = random.uniform(-self.black, self.black)
        encoded *= np.float32(1 - black)
        encoded += np.float32(black)
        if random.random() < self.jpeg:
            return _compressed(encoded, quality=round(_between(self.quality, random)))
        return _rounded(encoded)

    def _reached(self, image: Rgb, *, random: np.random.Generator) -> Floats:
        """Draw which part of the missing light reaches a place after all, (H, W, 1) in [0, 1]."""
        most = random.uniform(0.2, 1.0)
        if self.lit and random.random() < self.lit:
            most = 1.0
        reached = most * (1 - shade(image, random=random))
        if self.second_light and random.random() < self.second_light:
            second = random.uniform(0.2, 1.0) * (1 - shade(image, random=random))
            reached = np.maximum(reached, second)
        return reached

    def _noise(self, light: Rgb, *, random: np.random.Generator) -> Rgb:
        shot = _by_logarithm(self.shot, random)
        read = shot * _between(self.read_electrons, random)
        noise = random.standard_normal(light.shape, np.float32)
        if random.random() < self.smooth_noise:
            noise = _coarser(noise, part=random.uniform(0.3, 1.0), random=random)
        if self.grain and random.random() < self.grain:
            luma, colour = (
                _between(grain, random) for grain in (self.luma_grain, self.colour_grain)
            )
            noise = _filtered(
                noise,
                luma=luma,
                colour=colour,
                share=_between(self.colour_share, random),
                part=random.uniform(0.5, 1.0),
            )
        noise *= np.sqrt(np.float32(shot) * np.maximum(light, 0) + np.float32(read * read))
        if self.banding and random.random() < self.banding:
            rows = random.standard_normal((light.shape[0], 1, 1), np.float32)
            noise += np.float32(random.uniform(0, 0.5) * read) * rows
        return noise


def _between(bounds: tuple[float, ...], random: np.random.Generator) -> float:
    return random.uniform(bounds[0], bounds[1])


def _by_logarithm(bounds: tuple[float, ...], random: np.random.Generator) -> float:
    return exp(random.uniform(log(bounds[0]), log(bounds[1])))


def _hidden_light(image: Rgb, *, most: float, start: float) -> Rgb:
    """Return the factor by which pixels brighter than `start` were brighter in the scene."""
    largest = np.maximum(np.maximum(image[..., 0], image[..., 1]), image[..., 2])
    part = np.clip((largest - np.float32(start)) * np.float32(1 / (1 - start)), 0, 1)
    return np.exp2(np.float32(log(most, 2)) * part)[..., None].astype(np.float32, copy=False)


def _coarser(noise: Rgb, *, part: float, random: np.random.Generator) -> Rgb:
    """Mix white noise with noise blurred by (1 2 1) of every second pixel, and keep its spread."""
    height, width = noise.shape[:2]
    coarse = random.standard_normal((height // 2 + 2, width // 2 + 2, 3), np.float32)
    for axis, size in ((0, height), (1, width)):
        coarse = np.repeat(coarse, 2, axis=axis)
        coarse = (coarse + np.roll(coarse, 1, axis)) * np.float32(0.5)
        coarse = coarse.take(range(1, size + 1), axis=axis)
    # Every second sample along an axis is a mean of two: 3/4 of the variance is left per axis.
    weight = np.float32(part / 0.75)
    mixed = np.float32((1 - part * part) ** 0.5) * noise + weight * coarse
    return mixed.astype(np.float32, copy=False)


def _filtered(noise: Rgb, *, luma: float, colour: float, share: float, part: float) -> Rgb:
    """Blur the luma and the colour of white noise and keep their spread; colour times `share`.

    `part` of the amplitude is blurred, the rest stays white.
    """
    height, width = noise.shape[:2]
    squared = np.fft.fftfreq(height)[:, None] ** 2 + np.fft.rfftfreq(width) ** 2

    def passed(deviation: float) -> Floats:
        blurred = np.exp(-4 * np.pi**2 * deviation**2 * squared)  # of the power
        blurred *= part * part / max(float(blurred.mean()), 1 / blurred.size)
        return np.sqrt(1 - part * part + blurred).astype(np.float32)[..., None]

    spectrum = np.fft.rfft2(noise, axes=(0, 1))
    gray = spectrum.mean(axis=2, keepdims=True)
    spectrum = passed(luma) * gray + np.float32(share) * passed(colour) * (spectrum - gray)
    return np.fft.irfft2(spectrum, s=(height, width), axes=(0, 1)).astype(np.float32)


def _compressed(encoded: Rgb, *, quality: int) -> Rgb:
    samples = np.ascontiguousarray(_levels(encoded))
    data = simplejpeg.encode_jpeg(samples, quality=quality, colorsubsampling="420")
    return simplejpeg.decode_jpeg(data).astype(np.float32) / np.float32(255)


def _levels(encoded: Rgb) -> np.ndarray:
    return np.rint(np.clip(encoded, 0, 1) * 255).astype(np.uint8)


def _rounded(encoded: Rgb) -> Rgb:
    return _levels(encoded).astype(np.float32) / np.float32(255)


def _index(values: Rgb) -> np.ndarray:
    return (np.clip(values, 0, 1) * np.float32(KNOTS - 1) + np.float32(0.5)).astype(np.int32)


_UNIT = np.arange(KNOTS) / (KNOTS - 1)
_DECODED = decode_srgb(_UNIT).astype(np.float32)
_ENCODED = encode_srgb(_UNIT).astype(np.float32)
