"""One metric, variant and protocol as a function of pictures."""

from __future__ import annotations

from dataclasses import dataclass
from math import isnan
from pathlib import Path

from relume import metrics
from relume.arrays import Picture
from relume.errors import ContractError
from relume.metrics.descriptor import Measure, Metric
from relume.metrics.label import Label, parse
from relume.metrics.planes import to_bytes
from relume.metrics.protocol import prepare, protocol


@dataclass(frozen=True)
class Scorer:
    """Call it with a result and what the metric compares it with."""

    label: Label
    metric: Metric
    measure: Measure

    def __call__(self, enhanced: Picture, other: Picture | None = None) -> float:
        """Return the number; `other` is the reference or, for reference "input", the dark input.

        Raises: ContractError when a picture is missing, of another size, too small or not a number,
        or the metric is undefined for it.
        """
        if self.metric.reference == "none":
            value = self.measure(to_bytes(enhanced, what="result"))
        elif other is None:
            needed = "the reference" if self.metric.reference == "full" else "the dark input"
            raise ContractError(f"{self.label} compares with {needed}, which is missing")
        else:
            pair = prepare(
                enhanced,
                other,
                protocol=protocol(self.label.protocol),
                metric=self.metric.name,
            )
            value = self.measure(*pair)
        if isnan(value):
            raise ContractError(f"{self.label} is undefined for this picture")
        return value


def scorer(name: str, *, model: Path | None = None) -> Scorer:
    """Build the scorer of a name like `psnr`, `ssim-uniform7` or `psnr[gt-mean]`.

    `model` is the file of parameters that `niqe`, `brisque` and `lpips` need.

    Raises: UnknownNameError; ContractError; WeightsError when the file is absent or another one.
    """
    label = parse(name)
    module = metrics.module(label.metric)
    if label.variant in getattr(module, "MODELS", {}):
        return Scorer(label, module.METRIC, module.MODELS[label.variant](model))
    if model is not None:
        raise ContractError(f"{label} has its parameters in itself, so {model.name} has no use")
    return Scorer(label, module.METRIC, module.MEASURES[label.variant])
