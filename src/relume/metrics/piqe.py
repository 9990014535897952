"""Perception-based image quality evaluator: distortion of the active blocks of a picture.

Of the 16×16 blocks of the contrast-normalised gray (`natural_scenes`), those of variance v > 0.1
are active. An active block is *impaired* when one of the 11 stretches of 6 samples along one of its
edges is flat, and *noisy* when its centre deviates like its surround;
PIQE = 100·(Σ ([impaired]·(1 − v) + [noisy]·v) + 1)/(active + 1), and 100 without an active block.

Source: Venkatanath, Praneeth, Bh, Channappayya, Medasani, NCC 2015, doi 10.1109/NCC.2015.7084843;
gray, padding and the columns of the surround follow MATLAB's piqe.

| domain                                  | range                             |
|-----------------------------------------|-----------------------------------|
| (H, W) or (H, W, 3) whose white is 255   | 0 to 100; below 20 is excellent    |
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from relume.metrics.descriptor import Metric
from relume.metrics.natural_scenes import normalise
from relume.metrics.planes import Doubles, gray_opencv, require_finite

METRIC = Metric(
    name="piqe",
    title="PIQE",
    direction="lower",
    unit="",
    low=0.0,
    high=100.0,
    reference="none",
    protocols=("plain",),
    source="https://doi.org/10.1109/NCC.2015.7084843",
)

BLOCK = 16
ACTIVE = 0.1
"""Variance above which a block is looked at."""
FLAT = 0.1
"""Standard deviation below which a stretch of an edge is an artefact."""
STRETCH = 6

# 0-based. The published code deletes the left column of the centre and then counts again, so the
# surround lacks columns 7 and 9 and not 7 and 8: kept, since its numbers are the reference.
_CENTRE = [7, 8]
_SURROUND = [column for column in range(BLOCK) if column not in (7, 9)]


@dataclass(frozen=True, eq=False)
class Blocks:
    """What PIQE sees: one entry per block, (rows, columns)."""

    variance: Doubles
    active: NDArray[np.bool_]
    impaired: NDArray[np.bool_]
    noisy: NDArray[np.bool_]


def piqe(picture: NDArray[Any]) -> float:
    """Measure one picture."""
    seen = blocks(picture)
    impaired = (1.0 - seen.variance)[seen.impaired].sum()
    noisy = seen.variance[seen.noisy].sum()
    return float(100.0 * (impaired + noisy + 1.0) / (seen.active.sum() + 1.0))


MEASURES = {"": piqe}


def blocks(picture: NDArray[Any]) -> Blocks:
    """Judge every 16×16 block of a picture, extended by reflection to whole blocks."""
    require_finite(picture, what="piqe")
    gray = gray_opencv(picture)
    sides = [(0, -side % BLOCK) for side in gray.shape]
    gray = np.pad(gray, sides, mode="symmetric")
    # A black picture has no brightest level to stretch to; it has no active block either.
    normalised, _ = normalise(np.floor(255.0 * gray / max(gray.max(), 1.0) + 0.5), border="edge")
    down, across = (side // BLOCK for side in gray.shape)
    cut = normalised.reshape(down, BLOCK, across, BLOCK).swapaxes(1, 2)
    variance = cut.var(axis=(-2, -1), ddof=1)
    active = variance > ACTIVE
    return Blocks(
        variance=variance,
        active=active,
        impaired=active & _has_flat_edge(cut),
        noisy=active & _is_noisy(cut, deviation=np.sqrt(variance)),
    )


def _has_flat_edge(cut: Doubles) -> NDArray[np.bool_]:
    edges = np.stack([cut[..., 0, :], cut[..., :, -1], cut[..., -1, :], cut[..., :, 0]], axis=-2)
    stretches = np.lib.stride_tricks.sliding_window_view(edges, STRETCH, axis=-1)
    return (stretches.std(axis=-1, ddof=1) < FLAT).any(axis=(-2, -1))


def _is_noisy(cut: Doubles, *, deviation: Doubles) -> NDArray[np.bool_]:
    centre = cut[..., _CENTRE].std(axis=(-2, -1), ddof=1)
    surround = cut[..., _SURROUND].std(axis=(-2, -1), ddof=1)
    ratio = np.divide(centre, surround, out=np.zeros_like(centre), where=surround > 0)
    larger = np.maximum(deviation, ratio)
    contrast = np.divide(
        np.abs(deviation - ratio), larger, out=np.zeros_like(larger), where=larger > 0
    )
    return deviation > 2.0 * contrast
