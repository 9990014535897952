"""relume turns dark pictures into good ones.

import relume
bright = relume.enhance(image)     # ndarray in, ndarray of the same type and shape out
photo = relume.read("party.jpg")   # pixels with all that must survive the trip
relume.write(relume.enhance(photo), "bright.jpg")
method = relume.load("sgz")        # a method by name, or a model file that holds its card
relume.methods.names()             # what there is
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from relume import methods
    from relume.card import Card, Knob
    from relume.errors import (
        ContractError,
        MissingExtraError,
        NoDatasetError,
        RelumeError,
        TooLargeError,
        UnknownNameError,
        UnreadableError,
        UnwritableError,
        WeightsError,
    )
    from relume.io import read
    from relume.photo import Photo
    from relume.release import __version__
    from relume.runtime import Enhancer, enhance, load, write

__all__ = [
    "Card",
    "ContractError",
    "Enhancer",
    "Knob",
    "MissingExtraError",
    "NoDatasetError",
    "Photo",
    "RelumeError",
    "TooLargeError",
    "UnknownNameError",
    "UnreadableError",
    "UnwritableError",
    "WeightsError",
    "__version__",
    "enhance",
    "load",
    "methods",
    "read",
    "write",
]

_HOMES = {
    "ContractError": ("relume.errors", "ContractError"),
    "MissingExtraError": ("relume.errors", "MissingExtraError"),
    "NoDatasetError": ("relume.errors", "NoDatasetError"),
    "RelumeError": ("relume.errors", "RelumeError"),
    "TooLargeError": ("relume.errors", "TooLargeError"),
    "UnknownNameError": ("relume.errors", "UnknownNameError"),
    "UnreadableError": ("relume.errors", "UnreadableError"),
    "UnwritableError": ("relume.errors", "UnwritableError"),
    "WeightsError": ("relume.errors", "WeightsError"),
    "Card": ("relume.card", "Card"),
    "Enhancer": ("relume.runtime", "Enhancer"),
    "Knob": ("relume.card", "Knob"),
    "Photo": ("relume.photo", "Photo"),
    "__version__": ("relume.release", "__version__"),
    "enhance": ("relume.runtime", "enhance"),
    "load": ("relume.runtime", "load"),
    "read": ("relume.io", "read"),
    "write": ("relume.runtime", "write"),
}


def __getattr__(name: str) -> Any:
    # Lazy, so that `import relume` costs nothing until something is used.
    if name == "methods":
        return import_module("relume.methods")
    if name not in _HOMES:
        raise AttributeError(f"module 'relume' has no attribute {name!r}")
    module, attribute = _HOMES[name]
    return getattr(import_module(module), attribute)


def __dir__() -> list[str]:
    return sorted(__all__)
