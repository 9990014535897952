"""Peak signal-to-noise ratio.

10·log₁₀(data_range²/mean((preds − target)²)) over all samples of all channels.

| domain                              | range                            |
|-------------------------------------|----------------------------------|
| two arrays of one shape, any dtype  | decibels; infinity when equal    |
"""

from __future__ import annotations

from functools import partial
from math import inf, log10
from typing import Any

from numpy.typing import NDArray

from relume.metrics.descriptor import Metric
from relume.metrics.mse import mse
from relume.metrics.protocol import FULL_REFERENCE

METRIC = Metric(
    name="psnr",
    title="PSNR",
    direction="higher",
    unit="dB",
    low=0.0,
    high=inf,
    reference="full",
    protocols=FULL_REFERENCE,
    source="",
)


def psnr(preds: NDArray[Any], target: NDArray[Any], *, data_range: float) -> float:
    """Compare two pictures whose white is `data_range`.

    Raises: ContractError when the shapes differ or a sample is not a number.
    """
    error = mse(preds, target)
    return 10.0 * log10(data_range**2 / error) if error > 0.0 else inf


MEASURES = {"": partial(psnr, data_range=255.0)}
