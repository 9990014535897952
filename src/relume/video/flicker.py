"""How much a video flickers, and how much of it an enhancement added.

With A the enhanced video, B its input, Y luminance in linear light, averaged by area to small
pictures, H what changes faster than a second (a value less its mean over the second around), all
within scenes:

| number  | formula                                                        | source               |
|---------|----------------------------------------------------------------|----------------------|
| gain    | exp(mean of g),  g_t = mean over pixels of log(Y_A / Y_B)       |                      |
| flicker | RMS of H(g): 0.01 is one percent                                |                      |
| own     | RMS of H(log of the mean of Y), of A and of B by themselves     |                      |
| mabd    | mean over pixels and frames of |E_t+1 − E_t|, E the luma        | Jiang, ICCV 2019     |
| warping | mean of |V_t − warp(V_t+1)|² where the flow agrees both ways    | Lai, ECCV 2018       |

The flow of the warping error is that of B in both cases, by DIS (Kroeger et al., ECCV 2016), and a
place counts where there and back again ends within |f + b|² < 0.01·(|f|² + |b|²) + 0.5 (Sundaram et
al., ECCV 2010). The error of A is divided by the squared ratio of the means of A and B: what is
brighter differs by more.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from relume import render
from relume.arrays import Rgb
from relume.colour import LUMA_601, decode_srgb, luminance
from relume.errors import ContractError
from relume.extras import missing, need
from relume.video.cuts import Glimpse
from relume.video.frames import Frames
from relume.video.layout import nearest
from relume.video.small import Plane, seen
from relume.video.source import Source

DARKEST = 1e-4
"""Luminance added before the logarithm: a fifth of the first code of 8 bits."""
SIDE = 240
"""Pixels along the longer side of what is compared."""
SECOND = 1.0


@dataclass(frozen=True)
class Row:
    """One frame, or the step to it from the frame before."""

    seconds: float
    begins_scene: bool
    gain: float | None
    """log(Y_A / Y_B), averaged."""
    level: float
    """log of the mean luminance of A."""
    level_input: float | None
    mabd: float
    mabd_input: float | None
    warping: float | None
    warping_input: float | None


@dataclass(frozen=True)
class Flicker:
    """What was measured; None where there is no input, or nothing for the flow."""

    frames: int
    cuts: int
    gain: float | None
    flicker: float | None
    own: float
    own_input: float | None
    mabd: float
    mabd_input: float | None
    warping: float | None
    warping_input: float | None
    rows: tuple[Row, ...]


def measure(enhanced: Path, low: Path | None = None, *, max_pixels: int) -> Flicker:
    """Measure a video, beside its input if there is one.

    Raises: UnreadableError; ContractError for videos of different shapes or numbers of frames.
    """
    rows: list[Row] = []
    before: _Pair | None = None
    flow = None if low is None or missing("flow") else _Flow()
    for pair in _pairs(enhanced, low, max_pixels):
        rows.append(_row(pair, before, flow))
        before = pair
    return _summary(rows)


@dataclass(frozen=True, eq=False)
class _Pair:
    seconds: float
    enhanced: Rgb
    low: Rgb | None


def _pairs(enhanced: Path, low: Path | None, max_pixels: int) -> Iterator[_Pair]:
    if low is None:
        for seconds, picture in _small(enhanced, max_pixels):
            yield _Pair(seconds, picture, None)
        return
    pairs = zip_longest(_small(enhanced, max_pixels), _small(low, max_pixels))
    for index, (one, other) in enumerate(pairs):
        if one is None or other is None:
            shorter = enhanced if one is None else low
            raise ContractError(
                f"{shorter} ends after {index} frames and the other does not; "
                "they must be two versions of one video"
            )
        if one[1].shape != other[1].shape:
            raise ContractError(f"{enhanced} and {low} are of different shapes")
        yield _Pair(one[0], one[1], other[1])


def _small(path: Path, max_pixels: int) -> Iterator[tuple[float, Rgb]]:
    with Source(path, max_pixels=max_pixels) as source:
        layout, _ = nearest(source.pixels)
        for still in Frames(source, layout):
            picture = seen(still.planes, layout, source.facts.colour)
            tall, wide = picture.shape[:2]
            scale = min(1.0, SIDE / max(tall, wide))
            size = max(1, round(tall * scale)), max(1, round(wide * scale))
            yield still.seconds, render.reduce(picture, height=size[0], width=size[1])


def _row(pair: _Pair, before: _Pair | None, flow: _Flow | None) -> Row:
    guide = pair.low if pair.low is not None else pair.enhanced
    earlier = None
    if before is not None:
        earlier = before.low if before.low is not None else before.enhanced
    cut = earlier is not None and Glimpse.of(guide).is_cut_from(Glimpse.of(earlier))
    light = luminance(decode_srgb(pair.enhanced)) + np.float32(DARKEST)
    low = None
    if pair.low is not None:
        low = luminance(decode_srgb(pair.low)) + np.float32(DARKEST)
    same = before if not cut else None
    warped: tuple[float, float] | None = None
    if flow is not None and same is not None and pair.low is not None and same.low is not None:
        warped = flow.errors((same.enhanced, same.low), (pair.enhanced, pair.low))
    steps = None if same is None else _step(same.enhanced, pair.enhanced)
    steps_low = None
    if same is not None and same.low is not None and pair.low is not None:
        steps_low = _step(same.low, pair.low)
    return Row(
        seconds=pair.seconds,
        begins_scene=cut or before is None,
        gain=None if low is None else float(np.log(light / low).mean()),
        level=float(np.log(light.mean())),
        level_input=None if low is None else float(np.log(low.mean())),
        mabd=0.0 if steps is None else steps,
        mabd_input=None if low is None else (steps_low or 0.0),
        warping=None if warped is None else warped[0],
        warping_input=None if warped is None else warped[1],
    )


def _step(before: Rgb, after: Rgb) -> float:
    weights = np.asarray(LUMA_601, np.float32)
    return float(np.abs((after - before) @ weights).mean())


class _Flow:
    """The warping error along the flow of the input."""

    def __init__(self) -> None:
        self._cv2: Any = need("cv2", extra="flow")
        self._dis = self._cv2.DISOpticalFlow_create(self._cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)

    def errors(self, before: tuple[Rgb, Rgb], after: tuple[Rgb, Rgb]) -> tuple[float, float]:
        """Return the error of the enhanced step and of the input's."""
        first, second = self._gray(before[1]), self._gray(after[1])
        ahead, back = (self._dis.calc(*each, None) for each in ((first, second), (second, first)))
        tall, wide = first.shape
        y, x = np.mgrid[:tall, :wide].astype(np.float32)
        at = x + ahead[..., 0], y + ahead[..., 1]
        returned = self._read(back, at)
        off = np.square(ahead + returned).sum(axis=2)
        size = np.square(ahead).sum(axis=2) + np.square(returned).sum(axis=2)
        inside = (at[0] >= 0) & (at[0] <= wide - 1) & (at[1] >= 0) & (at[1] <= tall - 1)
        agrees = (off < 0.01 * size + 0.5) & inside
        if not agrees.any():
            return 0.0, 0.0
        enhanced, low = (
            float(np.square(one - self._read(other, at))[agrees].mean())
            for one, other in zip(before, after, strict=True)
        )
        ratio = float(before[0].mean() / max(float(before[1].mean()), 1e-3))
        return enhanced / max(ratio, 1e-3) ** 2, low

    def _read(self, plane: NDArray[Any], at: tuple[Plane, Plane]) -> NDArray[Any]:
        return self._cv2.remap(plane, at[0], at[1], self._cv2.INTER_LINEAR)

    @staticmethod
    def _gray(picture: Rgb) -> NDArray[np.uint8]:
        """Return luma bright enough for the flow to see something in the dark."""
        luma = picture @ np.asarray(LUMA_601, np.float32)
        scale = 0.4 / max(float(luma.mean()), 0.02)
        return (np.clip(luma * scale, 0, 1) * 255).astype(np.uint8)


def _summary(rows: Sequence[Row]) -> Flicker:
    fast = _Fast(rows)
    gains = [row.gain for row in rows if row.gain is not None]
    has_input = bool(gains)
    return Flicker(
        frames=len(rows),
        cuts=sum(row.begins_scene for row in rows) - 1,
        gain=float(np.exp(np.mean(gains))) if has_input else None,
        flicker=fast.rms([row.gain or 0.0 for row in rows]) if has_input else None,
        own=fast.rms([row.level for row in rows]),
        own_input=fast.rms([row.level_input or 0.0 for row in rows]) if has_input else None,
        mabd=_mean([row.mabd for row in rows if not row.begins_scene]) or 0.0,
        mabd_input=_mean([row.mabd_input for row in rows if not row.begins_scene]),
        warping=_mean([row.warping for row in rows]),
        warping_input=_mean([row.warping_input for row in rows]),
        rows=tuple(rows),
    )


def _mean(values: Sequence[float | None]) -> float | None:
    there = [value for value in values if value is not None]
    return float(np.mean(there)) if there else None


class _Fast:
    """Takes away from values what changes slower than a second, scene by scene."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self._times = np.array([row.seconds for row in rows])
        self._scene = np.cumsum([row.begins_scene for row in rows])

    def rms(self, values: Sequence[float]) -> float:
        """Return the root mean square of what is left."""
        series = np.asarray(values)
        left = np.empty(len(series))
        for scene in np.unique(self._scene):
            there = self._scene == scene
            times, mine = self._times[there], series[there]
            total = np.concatenate([[0.0], np.cumsum(mine)])
            # As far to one side as to the other: a steady slope is no flicker at the ends either.
            half = np.minimum(SECOND / 2, np.minimum(times - times[0], times[-1] - times)) + 1e-6
            first = np.searchsorted(times, times - half)
            last = np.searchsorted(times, times + half, side="right")
            left[there] = mine - (total[last] - total[first]) / (last - first)
        return float(np.sqrt(np.mean(np.square(left))))
