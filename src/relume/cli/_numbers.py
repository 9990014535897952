"""Options of the verbs that measure: metrics, protocol, NAME=FILE."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from typing import Annotated, TypeAlias

import typer

METRICS = "psnr,ssim"
"""What is measured where there is a reference, unless said otherwise."""
BLIND = "niqe-own,piqe"
"""What is measured without a reference."""


def complete_metric(incomplete: str) -> list[str]:
    """Return the metrics a shell may complete to, after those given already."""
    from relume import metrics

    before, comma, last = incomplete.rpartition(",")
    return [f"{before}{comma}{name}" for name in metrics.names() if name.startswith(last)]


def complete_protocol(incomplete: str) -> list[str]:
    """Return the protocols a shell may complete to."""
    from relume.metrics.protocol import PROTOCOLS

    return [name for name in PROTOCOLS if name.startswith(incomplete)]


def settings(values: Sequence[str], *, option: str) -> dict[str, str]:
    """Turn NAME=TEXT arguments into texts by name.

    Raises: typer.BadParameter for another form or a name that stands twice.
    """
    found: dict[str, str] = {}
    for value in values:
        name, sign, text = value.partition("=")
        if not (name.strip() and sign and text):
            raise typer.BadParameter(f"{option} wants NAME=WHAT, got {value!r}")
        if name in found:
            raise typer.BadParameter(f"{option} names {name!r} twice")
        found[name] = text
    return found


def for_json(value: float) -> float | str | None:
    """Return a number as JSON can hold it: infinity as a text, what is not a number as null."""
    if isfinite(value):
        return value
    return None if value != value else "inf" if value > 0 else "-inf"


Metrics: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="A,B",
        help="What to measure, as psnr, ssim-uniform7 or psnr[gt-mean].",
        autocompletion=complete_metric,
    ),
]
Protocol: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="How pictures are prepared, for metrics that name no protocol; plain unless set.",
        autocompletion=complete_protocol,
    ),
]
Parameters: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--parameters", metavar="METRIC=FILE", help="File that niqe, brisque or lpips needs."
    ),
]
