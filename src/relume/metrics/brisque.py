"""Blind image spatial quality evaluator: a support-vector regression on 36 statistics of a picture.

score = Σᵢ cᵢ·exp(−γ·|f − vᵢ|²) − ρ, where f are the statistics of `natural_scenes` of the whole
picture at full and half size, each scaled to [−1, 1]. Incompatible models and features go
under this name; none is shipped here, and the variant says which it is:

brisque: the authors' model (LIBSVM's text file `allmodel`) with the features of this module.
brisque-opencv: OpenCV's model (brisque_model_live.yml, brisque_range_live.yml beside it) with
features as OpenCV computes them (`brisque_opencv`); the score is clipped to [0, 100].

The model learned JPEG, blur, noise and fading: a weak judge of brightened pictures.

Source: Mittal, Moorthy, Bovik, IEEE TIP 21(12), 2012, doi 10.1109/TIP.2012.2214050; the scaling is
that of the authors' code.

| domain                                            | range                                     |
|---------------------------------------------------|-------------------------------------------|
| (H, W) or (H, W, 3) whose white is 255, 8 pixels   | about 0 to 100, may leave it               |
"""

from __future__ import annotations

from functools import partial
from math import inf
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from relume.errors import WeightsError
from relume.metrics.brisque_opencv import opencv_features
from relume.metrics.descriptor import Measure, Metric
from relume.metrics.natural_scenes import (
    SHIFTS,
    fit_asymmetric,
    fit_symmetric,
    gamma_ratio,
    halve,
    neighbours,
    normalise,
)
from relume.metrics.parameters import read_published
from relume.metrics.planes import Doubles, gray_matlab, require_finite, require_size
from relume.metrics.regression import Regression, from_libsvm, from_opencv

METRIC = Metric(
    name="brisque",
    title="BRISQUE",
    direction="lower",
    unit="",
    low=-inf,
    high=inf,
    reference="none",
    protocols=("plain",),
    source="https://doi.org/10.1109/TIP.2012.2214050",
    variants=("opencv", ""),
    needs="the model: allmodel of the authors, or OpenCV's brisque_model_live.yml",
)

LEAST = 8
"""Pixels a side: half of it still holds the window's radius."""

AUTHORS_SHA256 = "7c8e239223d4ff930cbfad4bfbceb685dbf0977804794979d2a9ed54f5d8bf1f"
OPENCV_SHA256 = "4c44c7eec9e5139830c0bb0e4a044c9cd351ba5bbc9e3798beca3243e2782ff4"
OPENCV_RANGE_SHA256 = "a18427f4f7ad087524bd0d63389649a3899b51ca6d44a4d5f8d8171f1f914a9c"

# Least and largest value of each feature in the authors' training set, as in their code: per scale
# the shape and variance, then shape, mean, left and right variance of each product.
AUTHORS_RANGE = np.array([
    [0.338, 10], [0.017204, 0.806612],
    [0.236, 1.642], [-0.123884, 0.20293], [0.000155, 0.712298], [0.001122, 0.470257],
    [0.244, 1.641], [-0.123586, 0.179083], [0.000152, 0.710456], [0.000975, 0.470984],
    [0.249, 1.555], [-0.135687, 0.100858], [0.000174, 0.684173], [0.000913, 0.534174],
    [0.258, 1.561], [-0.143408, 0.100486], [0.000179, 0.685696], [0.000888, 0.536508],
    [0.471, 3.264], [0.012809, 0.703171],
    [0.218, 1.046], [-0.094876, 0.187459], [1.5e-5, 0.442057], [0.001272, 0.40803],
    [0.222, 1.042], [-0.115772, 0.162604], [1.6e-5, 0.444362], [0.001374, 0.40243],
    [0.227, 0.996], [-0.117188, 0.098323], [3e-5, 0.531903], [0.001122, 0.369589],
    [0.228, 0.99], [-0.12243, 0.098658], [2.8e-5, 0.530092], [0.001118, 0.370399],
]).T  # fmt: skip


def features(picture: NDArray[Any]) -> Doubles:
    """Return the 36 statistics of a picture.

    Raises: ContractError when it is smaller than 8 pixels a side.
    """
    require_finite(picture, what="brisque")
    require_size(picture, least=LEAST, what="brisque")
    plane = gray_matlab(picture)
    return np.concatenate([_statistics(plane), _statistics(halve(plane))])


def brisque(picture: NDArray[Any], *, regression: Regression) -> float:
    """Measure one picture with the authors' features."""
    return regression(features(picture))


def brisque_opencv(picture: NDArray[Any], *, regression: Regression) -> float:
    """Measure one picture as OpenCV does."""
    require_finite(picture, what="brisque-opencv")
    require_size(picture, least=LEAST, what="brisque-opencv")
    return float(np.clip(regression(opencv_features(picture)), 0.0, 100.0))


def with_authors_model(path: Path | None) -> Measure:
    """Return BRISQUE with the model file `allmodel`.

    Raises: WeightsError when it is absent or another file.
    """
    content = read_published(
        _given(path, name="brisque", file="allmodel"),
        sha256=AUTHORS_SHA256,
        what="the authors' BRISQUE model",
    )
    return partial(brisque, regression=from_libsvm(content.decode("ascii"), limits=AUTHORS_RANGE))


def with_opencv_model(path: Path | None) -> Measure:
    """Return BRISQUE with OpenCV's model; its range file lies beside it.

    Raises: WeightsError when one is absent or another file.
    """
    model = _given(path, name="brisque-opencv", file="brisque_model_live.yml")
    texts = [
        read_published(place, sha256=sha256, what=what).decode("ascii")
        for place, sha256, what in (
            (model, OPENCV_SHA256, "OpenCV's BRISQUE model"),
            (model.with_name("brisque_range_live.yml"), OPENCV_RANGE_SHA256, "its range"),
        )
    ]
    return partial(brisque_opencv, regression=from_opencv(*texts))


MEASURES: dict[str, Measure] = {}
MODELS = {"opencv": with_opencv_model, "": with_authors_model}


def _given(path: Path | None, *, name: str, file: str) -> Path:
    if path is None:
        raise WeightsError(f"{name} needs its model: give the file {file}; none is shipped")
    return path


def _statistics(plane: Doubles) -> Doubles:
    """Return the 18 statistics of one scale."""
    normalised, _ = normalise(plane, border="constant")
    shape, deviation = fit_symmetric(normalised)
    values = [shape, deviation**2]
    for shift in SHIFTS:
        shape, left, right = fit_asymmetric(neighbours(normalised, shift=shift))
        spread = np.sqrt(gamma_ratio(1, 3, shape))
        mean = (right - left) * spread * gamma_ratio(2, 1, shape)
        values += [shape, mean, left**2, right**2]
    return np.array(values)
