"""Every module here darkens well-exposed pictures: this directory is the registry.

A module holds a frozen dataclass `Darkening`, whose fields are the options of a recipe, with

    def __call__(self, image: Rgb, *, random: Generator, progress: float = 0.0) -> Rgb

(H, W, 3) float32 sRGB in [0, 1] → the same, rounded to 8 bits. `random` decides everything that is
drawn; `progress` in [0, 1] says how much of a training is over, for options that change with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, Protocol

import numpy as np

from relume.arrays import Rgb
from relume.data.options import build
from relume.errors import UnknownNameError


class Darkening(Protocol):
    """Turns a well-exposed picture into a dark one."""

    def __call__(
        self, image: Rgb, *, random: np.random.Generator, progress: float = 0.0
    ) -> Rgb: ...


@cache
def names() -> tuple[str, ...]:
    """Return the names of all darkening models, sorted."""
    return tuple(sorted(m.name for m in iter_modules(__path__) if not m.name.startswith("_")))


def make(name: str, options: Mapping[str, Any]) -> Darkening:
    """Build a darkening model.

    Raises: UnknownNameError for a name or option that does not exist; ContractError for a value
    of another type.
    """
    if name not in names():
        raise UnknownNameError.of("darkening", name, names())
    kind = import_module(f"{__name__}.{name}").Darkening
    return build(kind, dict(options), where=f"darkening {name}")
