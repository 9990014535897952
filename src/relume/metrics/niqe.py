"""Natural image quality evaluator: how far the statistics of a picture lie from natural ones.

36 features of 96×96 blocks (`natural_scenes`), at full and half size, give a mean ν and a
covariance Σ; NIQE = √((ν₀ − ν)ᵀ·((Σ₀ + Σ)/2)⁺·(ν₀ − ν)), where ν₀ and Σ₀, the *pristine model*,
come from natural photographs. The model is part of the number's name:

niqe: the published parameters, given as a file or found in an installed basicsr or mmagic.
niqe-own: our own fit to 460 photographs, in this package. It ranks pictures much like niqe, but
its numbers cannot be set beside published ones: README.md says how far they differ.

A 600×400 picture has 24 blocks, fewer than there are features: the estimate is noisy, and from
fewer than two blocks there is none.

Source: Mittal, Soundararajan, Bovik, IEEE Signal Processing Letters 20(3), 2013,
doi 10.1109/LSP.2012.2227726.

| domain                                                        | range                    |
|---------------------------------------------------------------|--------------------------|
| (H, W) or (H, W, 3) whose white is 255, at least 96×192 pixels  | ≥ 0, natural about 2 to 5 |
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, partial
from importlib.resources import files
from importlib.util import find_spec
from math import inf
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from relume.errors import ContractError, WeightsError
from relume.metrics.descriptor import Measure, Metric
from relume.metrics.natural_scenes import (
    SHIFTS,
    fit_asymmetric,
    gamma_ratio,
    halve,
    neighbours,
    normalise,
)
from relume.metrics.parameters import read_published
from relume.metrics.planes import Doubles, gray_matlab, require_finite

METRIC = Metric(
    name="niqe",
    title="NIQE",
    direction="lower",
    unit="",
    low=0.0,
    high=inf,
    reference="none",
    protocols=("plain",),
    source="https://doi.org/10.1109/LSP.2012.2227726",
    variants=("own", ""),
    needs="the published parameters niqe_pris_params.npz",
)

BLOCK = 96
TOGETHER = 8
"""Blocks whose features are computed at once, so that they stay within the cache."""
SHARPEST_SHARE = 0.75
"""A block teaches the pristine model when its mean σ exceeds this share of the sharpest block's."""
PUBLISHED_SHA256 = "2a7c182a68c9e7f1b2e2e5ec723279d6f65d912b6fcaf37eb2bf03d7367c4296"
"""Of niqe_pris_params.npz in basicsr 1.4.2 and mmagic 1.2.0; its numbers are the authors'."""
_INSTALLED = {
    "basicsr": "metrics/niqe_pris_params.npz",
    "mmagic": "evaluation/metrics/niqe_pris_params.npz",
}


@dataclass(frozen=True, eq=False)
class Pristine:
    """What natural pictures are like: mean (36,) and covariance (36, 36) of the features."""

    mean: Doubles
    covariance: Doubles


def niqe(picture: NDArray[Any], *, pristine: Pristine) -> float:
    """Measure one picture.

    Raises: ContractError for fewer than two blocks, or when no statistics exist (a flat picture).
    """
    rows, _ = features(picture)
    mean, covariance = _statistics(rows)
    difference = pristine.mean - mean
    inverse = np.linalg.pinv((pristine.covariance + covariance) / 2.0)
    return float(np.sqrt(max(difference @ inverse @ difference, 0.0)))


def features(picture: NDArray[Any]) -> tuple[Doubles, Doubles]:
    """Return the 36 features of each block, (n, 36), and its sharpness (mean σ), (n,).

    Raises: ContractError for fewer than two blocks.
    """
    require_finite(picture, what="niqe")
    down, across = (side // BLOCK for side in picture.shape[:2])
    if down * across < 2:
        raise ContractError(
            f"niqe: expected at least two blocks of {BLOCK}×{BLOCK} pixels, "
            f"got a picture of {picture.shape[1]}×{picture.shape[0]}"
        )
    plane = gray_matlab(picture[: down * BLOCK, : across * BLOCK])
    normalised, deviation = normalise(plane, border="edge")
    half, _ = normalise(halve(plane), border="edge")
    sharpness = _blocks(deviation, BLOCK).mean(axis=(-2, -1))
    scales = [_features(_blocks(normalised, BLOCK)), _features(_blocks(half, BLOCK // 2))]
    return np.concatenate(scales, axis=1), sharpness


def fit(pictures: Sequence[tuple[Doubles, Doubles]]) -> tuple[Pristine, int]:
    """Fit a pristine model to the `features` of photographs; return it and its number of blocks.

    Raises: ContractError when too few blocks are left for a covariance of 36 features.
    """
    sharp = [rows[sharp > SHARPEST_SHARE * sharp.max()] for rows, sharp in pictures]
    rows = np.concatenate(sharp)
    if rows.shape[0] <= rows.shape[1]:
        raise ContractError(f"niqe: {rows.shape[0]} blocks are too few to fit a pristine model")
    return Pristine(*_statistics(rows)), rows.shape[0]


def read_pristine(content: bytes) -> Pristine:
    """Read parameters in the published .npz form."""
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        return Pristine(arrays["mu_pris_param"].ravel(), arrays["cov_pris_param"])


@cache
def own_pristine() -> Pristine:
    """Return the model that was fitted for this package."""
    return read_pristine(files("relume.metrics").joinpath("niqe_own.npz").read_bytes())


def niqe_own(picture: NDArray[Any]) -> float:
    """Measure one picture with our own pristine model.

    Raises: ContractError for fewer than two blocks, or when no statistics exist (a flat picture).
    """
    return niqe(picture, pristine=own_pristine())


def with_published(path: Path | None) -> Measure:
    """Return NIQE with the published parameters in `path` or, without, in an installed package.

    Raises: WeightsError when there are none, or the file is another one.
    """
    place = path if path is not None else _installed()
    if place is None:
        raise WeightsError(
            "niqe needs its published parameters: give the file niqe_pris_params.npz (it comes "
            "with basicsr and mmagic), or measure niqe-own, which has its own"
        )
    content = read_published(place, sha256=PUBLISHED_SHA256, what="the published NIQE parameters")
    return partial(niqe, pristine=read_pristine(content))


MEASURES = {"own": niqe_own}
MODELS = {"": with_published}


def _installed() -> Path | None:
    """Find the parameters in an installed package, without importing it."""
    for package, inside in _INSTALLED.items():
        found = find_spec(package)
        for folder in (found.submodule_search_locations or []) if found else []:
            if (place := Path(folder, inside)).is_file():
                return place
    return None


def _statistics(rows: Doubles) -> tuple[Doubles, Doubles]:
    """Return the mean of each feature over its numbers, and the covariance of rows without NaN."""
    known = ~np.isnan(rows)
    whole = rows[known.all(axis=1)]
    if whole.shape[0] < 2:
        raise ContractError("niqe: this picture is too flat to have statistics")
    return np.nansum(rows, axis=0) / known.sum(axis=0), np.cov(whole, rowvar=False)


def _blocks(plane: Doubles, side: int) -> Doubles:
    """Cut (H, W) into (n, side, side)."""
    down, across = plane.shape[0] // side, plane.shape[1] // side
    cut = plane.reshape(down, side, across, side).swapaxes(1, 2)
    return np.ascontiguousarray(cut).reshape(-1, side, side)


def _features(blocks: Doubles) -> Doubles:
    """Return 18 features of each block at one scale, (n, h, w) → (n, 18)."""
    parts = range(0, blocks.shape[0], TOGETHER)
    return np.concatenate([_few_features(blocks[first : first + TOGETHER]) for first in parts])


def _few_features(blocks: Doubles) -> Doubles:
    shape, left, right = fit_asymmetric(blocks)
    spread = np.sqrt(gamma_ratio(1, 3, shape))
    columns = [shape, spread * (left + right) / 2.0]
    for shift in SHIFTS:
        shape, left, right = fit_asymmetric(neighbours(blocks, shift=shift))
        spread = np.sqrt(gamma_ratio(1, 3, shape))
        mean = spread * (right - left) * gamma_ratio(2, 1, shape)
        columns += [shape, mean, spread * left, spread * right]
    return np.stack(columns, axis=1)
