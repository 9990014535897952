"""What a metric is: data without behaviour."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

Direction = Literal["higher", "lower", "none"]
"""Which way is better; `none` describes a picture without judging it."""

Reference = Literal["full", "none", "input"]
"""What the picture is compared with: its well-exposed counterpart, nothing, its dark input."""

Measure: TypeAlias = Callable[..., float]
"""(enhanced) or (enhanced, other) → number, of arrays (H, W[, 3]) whose white is 255."""


@dataclass(frozen=True)
class Metric:
    """What a number means. A module of a metric holds one as `METRIC`, and beside it

    MEASURES   variant → Measure, for the variants that need nothing else
    MODELS     variant → function of a path (or None) that returns a Measure, for those that do
    """

    name: str
    title: str
    direction: Direction
    unit: str
    low: float
    high: float
    reference: Reference
    protocols: tuple[str, ...]
    source: str
    variants: tuple[str, ...] = ("",)
    """Beginning with the default. The variant "" is printed as the bare name of the metric."""
    needs: str = ""
    """The file a variant of MODELS wants, in words; empty when none does."""
