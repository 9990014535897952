"""Darken a well-exposed picture by a curve of three parameters, then spoil it a little.

    γ = 1 / (1 − α^0.2 + 1e-6)
    D = clip(C·max(I − k, 0)^γ, 0, 1),  C = (1 − l) / max((1 − k)^γ, 1e-6)

k crushes the blacks, l lowers the white, α bends. Then, in this order: 8 bits; now and then a blur;
now and then small squares of noise; always a blend with uniform noise; grain; 8 bits.

Source: HVR-SSLE, its darkening for self-supervised training. Grain is our addition.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp
from statistics import NormalDist
from typing import Literal

import numpy as np

from relume.arrays import Floats, Rgb
from relume.errors import ContractError


@dataclass(frozen=True)
class Draw:
    """Where a parameter is drawn from, at the start and the end of a training."""

    low: float
    high: float
    mean: float = 0.0
    """Of the normal distribution that is cut to the range; unused where draws are uniform."""
    deviation: float = 0.0
    """Its standard deviation; 0 means a quarter of the range."""
    uniform: bool = False
    """Draw evenly from the range."""

    def __post_init__(self) -> None:
        if not 0 <= self.low <= self.high < 1 or self.deviation < 0:
            raise ContractError(
                f"darkening curve: expected 0 ≤ low ≤ high < 1 and a deviation of at least 0, "
                f"got {self.low:g}, {self.high:g} and {self.deviation:g}"
            )

    def __call__(self, random: np.random.Generator) -> float:
        """Draw a value, in steps of 0.001."""
        share = random.random()
        if not self.uniform and self.high > self.low:
            normal = NormalDist(self.mean, self.deviation or (self.high - self.low) / 4)
            below, above = normal.cdf(self.low), normal.cdf(self.high)
            # Far outside a distribution both are equal, and the inverse knows no 0 and no 1.
            quantile = min(max(below + share * (above - below), 1e-12), 1 - 1e-12)
            value = normal.inv_cdf(quantile)
        else:
            value = self.low + share * (self.high - self.low)
        return round(min(max(value, self.low), self.high), 3)

    def towards(self, end: Draw, share: float) -> Draw:
        """Return what lies `share` of the way to another distribution of the same kind."""

        def between(first: float, last: float) -> float:
            return first + (last - first) * share

        return Draw(
            low=between(self.low, end.low),
            high=between(self.high, end.high),
            mean=between(self.mean, end.mean),
            deviation=between(self.deviation, end.deviation),
            uniform=self.uniform,
        )


@dataclass(frozen=True)
class Darkening:
    """How the parameters are drawn, and how often a picture is spoilt in which way."""

    alpha: Draw = Draw(0.0, 0.3, uniform=True)
    k: Draw = Draw(0.0, 0.4)
    l: Draw = Draw(0.0, 0.95)  # noqa: E741  (the paper's name)
    alpha_end: Draw | None = None
    """What the distribution becomes by the end of a training; None: it stays."""
    k_end: Draw | None = None
    l_end: Draw | None = None
    schedule: Literal["linear", "sigmoid"] = "sigmoid"
    steepness: float = 6.0
    """Of the sigmoid over the whole training."""
    centre: float = 0.5
    """Part of the training at which the sigmoid is half way."""
    blur: float = 0.1
    """Share of pictures that are blurred: out of focus by 1 to 3 pixels, or halved and doubled."""
    squares: float = 0.1
    """Share of pictures on which small squares become noise, or black, and half of these get
    Gaussian noise of a deviation from 0.05 to 0.4."""
    squares_area: float = 0.1
    """Part of the picture that squares cover, counting overlaps."""
    squares_side: tuple[int, int] = (1, 2)
    """Pixels."""
    noise: tuple[float, float] = (0.1, 0.1)
    """Range of the weight of uniform noise in [0, 1]."""
    grain: tuple[float, float] = (0.0, 0.0)
    """Range of the standard deviation of added Gaussian noise, drawn evenly."""
    grain_smooth: float = 0.0
    """Share of pictures whose grain is blurred, as demosaicing leaves it."""

    def __post_init__(self) -> None:
        shares = (self.blur, self.squares, self.squares_area, self.grain_smooth, *self.noise)
        if not 0 <= min(shares) <= max(shares) <= 1:
            raise ContractError(f"darkening curve: expected shares from 0 to 1, got {shares}")
        for name, pair in (("noise", self.noise), ("grain", self.grain)):
            if not 0 <= pair[0] <= pair[1]:
                raise ContractError(f"darkening curve.{name}: expected a range, got {pair}")
        if not 1 <= self.squares_side[0] <= self.squares_side[1]:
            raise ContractError(
                f"darkening curve.squares_side: expected a range from 1, got {self.squares_side}"
            )

    def __call__(self, image: Rgb, *, random: np.random.Generator, progress: float = 0.0) -> Rgb:
        """Return a dark picture, (H, W, 3) sRGB in [0, 1] → the same, rounded down to 8 bits."""
        share = self._share(progress)
        alpha = _drawn(self.alpha, self.alpha_end, share, random)
        k = _drawn(self.k, self.k_end, share, random)
        l = _drawn(self.l, self.l_end, share, random)  # noqa: E741
        dark = _floored(darken(image, alpha=alpha, k=k, l=l))
        if random.random() < self.blur:
            dark = _out_of_focus(dark, random) if random.random() < 0.5 else _halved(dark)
        if random.random() < self.squares:
            dark = self._with_squares(dark, random)
        weight = random.uniform(*self.noise)
        dark = (1 - weight) * dark + weight * random.random(dark.shape)
        return _floored(dark + self._grain(dark.shape, random)).astype(np.float32)

    def _share(self, progress: float) -> float:
        """Return how far the distributions have moved from start to end."""
        if self.schedule == "linear":
            return progress
        first, here, last = (
            1 / (1 + exp(-self.steepness * (time - self.centre))) for time in (0, progress, 1)
        )
        return (here - first) / (last - first)

    def _with_squares(self, dark: Floats, random: np.random.Generator) -> Floats:
        height, width = dark.shape[:2]
        least, most = self.squares_side
        count = int(self.squares_area * height * width / ((least + most) / 2) ** 2)
        dark = dark.copy()
        if random.random() < 0.5:
            dark += random.normal(0, random.uniform(0.05, 0.4), dark.shape)
        for side in random.integers(least, most + 1, count):
            top, left = random.integers(0, height), random.integers(0, width)
            inside = dark[top : top + side, left : left + side]
            inside[:] = 0 if random.random() < 0.3 else random.random(inside.shape)
        return dark.clip(0, 1)

    def _grain(self, shape: tuple[int, ...], random: np.random.Generator) -> Floats:
        deviation = random.uniform(*self.grain)
        if not deviation:
            return np.zeros(1)
        grain = random.normal(0, deviation, shape)
        if random.random() < self.grain_smooth:
            # (1 2 1)/√6 both ways keeps the deviation of white noise.
            for axis in (0, 1):
                grain = (2 * grain + np.roll(grain, 1, axis) + np.roll(grain, -1, axis)) / 6**0.5
        return grain


def _drawn(start: Draw, end: Draw | None, share: float, random: np.random.Generator) -> float:
    return (start.towards(end, share) if end else start)(random)


def darken(image: Floats | Rgb, *, alpha: float, k: float, l: float) -> Floats:  # noqa: E741
    """Apply the curve, in [0, 1] → [0, 1 − l]; all three parameters in [0, 1)."""
    gamma = 1 / (1 - alpha**0.2 + 1e-6)
    factor = (1 - l) / max((1 - k) ** gamma, 1e-6)
    return np.clip(factor * np.maximum(image.astype(np.float64) - k, 0) ** gamma, 0, 1)


def _floored(image: Floats) -> Floats:
    return np.floor(np.clip(image * 255, 0, 255)) / 255


def _out_of_focus(image: Floats, random: np.random.Generator) -> Floats:
    """Average over a disk of a radius from 1 to 3 pixels whose edge is a little soft."""
    radius, soft = int(random.integers(1, 4)), random.uniform(0.1, 0.3)
    line = np.arange(-radius, radius + 1)
    distance = np.hypot(line[:, None], line)
    disk = np.clip((radius - distance) / soft + 0.5, 0, 1)
    disk /= disk.sum()
    padded = np.pad(image, ((radius, radius), (radius, radius), (0, 0)), mode="edge")
    height, width = image.shape[:2]
    blurred = np.zeros_like(image)
    for down, right in np.argwhere(disk):
        blurred += disk[down, right] * padded[down : down + height, right : right + width]
    return blurred


def _halved(image: Floats) -> Floats:
    """Reduce to half by averaging and enlarge again bilinearly."""
    height, width = image.shape[:2]
    even = np.pad(image, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
    small = (even[::2, ::2] + even[1::2, ::2] + even[::2, 1::2] + even[1::2, 1::2]) / 4
    return _doubled(_doubled(small).swapaxes(0, 1)).swapaxes(0, 1)[:height, :width]


def _doubled(image: Floats) -> Floats:
    """Enlarge the first axis to twice its size: new samples lie a quarter from old ones."""
    padded = np.concatenate((image[:1], image, image[-1:]))
    pairs = (0.75 * image + 0.25 * padded[:-2], 0.75 * image + 0.25 * padded[2:])
    return np.stack(pairs, axis=1).reshape(2 * len(image), *image.shape[1:])
