"""One scene of a data set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Pair:
    """A low picture and its high counterpart, if the data set has one."""

    key: str
    """Unique in its split: "55", or "huawei/2055" where a data set has parts."""
    low: Path
    high: Path | None
    scene: str
    """What was photographed; several exposures of one scene share it."""
    meta: Mapping[str, str] = field(default_factory=dict[str, str], hash=False)
    """dataset and split; group, camera, amplification where the data set tells them; exposures is
    "any" where low may be the brighter one."""
