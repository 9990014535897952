"""The full name of a number: metric, variant and protocol, as in `ssim-gauss11[plain]`.

| written            | means                                        |
|--------------------|----------------------------------------------|
| psnr               | psnr[plain]                                  |
| ssim               | ssim-gauss11[plain]                          |
| ssim-uniform7[y]   | itself                                       |
| ssim-y, psnr-y     | ssim-gauss11[y], psnr[y]                     |
| niqe, niqe-own     | with the published parameters, with our own  |
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from relume import metrics
from relume.errors import ContractError, UnknownNameError
from relume.metrics.descriptor import Metric
from relume.metrics.protocol import PROTOCOLS, Protocol, protocol

_FORM = re.compile(r"(?P<metric>[a-z0-9]+)(?:-(?P<variant>[a-z0-9]+))?(?:\[(?P<protocol>[^]]*)\])?")


@dataclass(frozen=True)
class Label:
    """What a number is called; two numbers can be compared when their labels are equal."""

    metric: str
    variant: str
    protocol: str

    def __str__(self) -> str:
        variant = f"-{self.variant}" if self.variant else ""
        return f"{self.metric}{variant}[{self.protocol}]"


def parse(text: str) -> Label:
    """Complete what a user wrote to a full name.

    Raises: UnknownNameError for a metric, variant or protocol that there is not; ContractError when
    the metric is not defined under that protocol.
    """
    found = _FORM.fullmatch(text.strip().lower())
    if found is None:
        raise UnknownNameError.of("metric", text, metrics.names())
    metric = metrics.metric(found["metric"])
    variant, chosen = found["variant"], found["protocol"]
    if variant in PROTOCOLS and variant not in metric.variants and chosen is None:
        variant, chosen = None, variant
    label = Label(metric.name, _variant(metric, variant), _protocol(metric, chosen).name)
    return label


def _variant(metric: Metric, name: str | None) -> str:
    if name is None:
        # The bare name belongs to the variant that is printed so, where there is one.
        return "" if "" in metric.variants else metric.variants[0]
    if name not in metric.variants:
        known = [variant for variant in metric.variants if variant]
        if not known:
            raise UnknownNameError(f"{metric.name} has no variants, so {name!r} is none")
        raise UnknownNameError.of(f"variant of {metric.name}", name, known)
    return name


def _protocol(metric: Metric, name: str | None) -> Protocol:
    chosen = protocol(name if name is not None else metric.protocols[0])
    if chosen.name not in metric.protocols:
        raise ContractError(
            f"{metric.name} is not defined under the protocol {chosen.name}; "
            f"it is under {', '.join(metric.protocols)}"
        )
    return chosen
