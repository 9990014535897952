"""A support-vector regression with a radial kernel: read from two text formats, evaluated in NumPy.

Source: Smola, Schölkopf, Statistics and Computing 14, 2004, eq. 12, doi
10.1023/B:STCO.0000035301.49549.88.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from relume.errors import WeightsError
from relume.metrics.planes import Doubles


@dataclass(frozen=True, eq=False)
class Regression:
    """Σᵢ cᵢ·exp(−γ·|f − vᵢ|²) − ρ, f scaled so that `limits` become −1 and 1."""

    limits: Doubles
    """(2, features): least, largest."""
    vectors: Doubles
    """(n, features)."""
    coefficients: Doubles
    """(n,)."""
    width: float
    """γ."""
    offset: float
    """ρ."""

    def __call__(self, features: Doubles) -> float:
        """Predict; NaN when a feature is."""
        least, largest = self.limits
        scaled = 2.0 * (features - least) / (largest - least) - 1.0
        distances = np.square(scaled - self.vectors).sum(axis=1)
        return float(self.coefficients @ np.exp(-self.width * distances) - self.offset)


def from_libsvm(text: str, *, limits: Doubles) -> Regression:
    """Read LIBSVM's model file: lines "name value", then SV and "coefficient index:value …".

    Raises: WeightsError when it is not one of a regression with a radial kernel.
    """
    head, _, body = text.replace("\r\n", "\n").partition("\nSV\n")
    fields = dict(line.split(maxsplit=1) for line in head.splitlines() if " " in line)
    if (fields.get("svm_type"), fields.get("kernel_type")) != ("epsilon_svr", "rbf"):
        raise WeightsError("a BRISQUE model: expected LIBSVM's epsilon_svr with kernel rbf")
    lines = [line.split() for line in body.splitlines() if line]
    vectors = np.zeros((len(lines), limits.shape[1]))  # LIBSVM leaves zeros out
    for row, line in enumerate(lines):
        for entry in line[1:]:
            index, _, value = entry.partition(":")
            vectors[row, int(index) - 1] = float(value)
    return Regression(
        limits=limits,
        vectors=vectors,
        coefficients=np.array([float(line[0]) for line in lines]),
        width=float(fields["gamma"]),
        offset=float(fields["rho"]),
    )


def from_opencv(model: str, limits: str) -> Regression:
    """Read the YAML files OpenCV writes: the regression, and the matrix called range."""
    table = _numbers(limits, after="data:")
    vectors = _numbers(model, after="support_vectors:", until="decision_functions:")
    return Regression(
        limits=table.reshape(2, -1),
        vectors=vectors.reshape(-1, table.size // 2),
        coefficients=_numbers(model, after="alpha:"),
        width=_numbers(model, after="gamma:")[0],
        offset=_numbers(model, after="rho:")[0],
    )


_NUMBER = re.compile(r"[-+]?\d+\.?\d*(?:e[-+]?\d+)?", re.IGNORECASE)


def _numbers(text: str, *, after: str, until: str | None = None) -> Doubles:
    """Read every number between two words, or up to the end of the list or line that follows."""
    rest = text[text.index(after) + len(after) :].lstrip()
    if until is None:
        until = "]" if rest.startswith("[") else "\n"
    return np.array([float(found) for found in _NUMBER.findall(rest.split(until, 1)[0])])
