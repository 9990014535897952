"""Every module here is a method: this directory is the registry.

A classical method is one file with a `CARD` and one of

    def estimate(picture: Picture, *, <knobs>: float) -> Rendering    # one map or curve for all pixels
    def enhance(image: Rgb, *, <knobs>: float) -> Rgb                  # the pixels themselves

A neural one is a folder with a `CARD` in its `__init__.py`, its graph in `weights/`, and
`network.py` and `objective.py` for the torch wing. Knobs are keyword-only and named as on the card.
Outsiders register a module of either kind in the entry-point group `relume.methods`.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from pkgutil import iter_modules
from types import ModuleType

from relume.card import Card
from relume.errors import UnknownNameError

GROUP = "relume.methods"


@cache
def _plugins() -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=GROUP)}


@cache
def names() -> tuple[str, ...]:
    """Return the names of all methods, sorted; a built-in one hides a plugin of the same name."""
    own = {module.name for module in iter_modules(__path__) if not module.name.startswith("_")}
    return tuple(sorted(own | set(_plugins())))


@cache
def module(name: str) -> ModuleType:
    """Import the module of a method.

    Raises: UnknownNameError with the nearest names.
    """
    if name not in names():
        raise UnknownNameError.of("method", name, names())
    own = any(found.name == name for found in iter_modules(__path__))
    return import_module(f"{__name__}.{name}") if own else _plugins()[name].load()


def card(name: str) -> Card:
    """Return the card of a method.

    Raises: UnknownNameError with the nearest names.
    """
    return module(name).CARD


def cards() -> tuple[Card, ...]:
    """Return the cards of all methods, by name."""
    return tuple(card(name) for name in names())
