"""Mean squared error, mean((preds − target)²) over all samples of all channels.

| domain                              | range                                  |
|-------------------------------------|----------------------------------------|
| two arrays of one shape, any dtype  | ≥ 0, in squared units of the arrays     |
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from relume.metrics.descriptor import Metric
from relume.metrics.planes import differences, require_equal_shapes
from relume.metrics.protocol import FULL_REFERENCE

METRIC = Metric(
    name="mse",
    title="MSE",
    direction="lower",
    unit="squared 8-bit levels",
    low=0.0,
    high=255.0**2,
    reference="full",
    protocols=FULL_REFERENCE,
    source="",
)


def mse(preds: NDArray[Any], target: NDArray[Any]) -> float:
    """Compare two pictures.

    Raises: ContractError when the shapes differ or a sample is not a number.
    """
    require_equal_shapes(preds, target, what="mean squared error")
    total = sum(float(np.square(part).sum()) for part in differences(preds, target))
    return total / preds.size


MEASURES = {"": mse}
