"""Every module here is a method: this directory is the registry.

A classical method is one file with a `CARD` and one of

    def estimate(picture: Picture, *, <knobs>: float) -> Rendering   # one map or curve
    def enhance(image: Rgb, *, <knobs>: float) -> Rgb                  # the pixels

A neural one is a folder with a `CARD` in its `__init__.py`, its graph in `weights/`, and
`network.py` and `objective.py` for the torch wing. Where its card has several weights, NAME means
the first of them and NAME@WEIGHTS any. Knobs are keyword-only and named as on the card.
Outsiders register a module of either kind in the entry-point group `relume.methods`.
"""

from __future__ import annotations

import warnings
from dataclasses import replace
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType
from typing import TYPE_CHECKING

from relume.card import Card
from relume.errors import UnknownNameError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "relume.methods"


@cache
def _plugins() -> dict[str, EntryPoint]:
    from importlib.metadata import entry_points  # it reads every installed package

    return {point.name: point for point in entry_points(group=GROUP)}


@cache
def _own() -> frozenset[str]:
    return frozenset(
        module.name for module in iter_modules(__path__) if not module.name.startswith("_")
    )


@cache
def names() -> tuple[str, ...]:
    """Return the names of all methods, sorted; a built-in one hides a plugin of the same name."""
    return tuple(sorted(_own() | set(_plugins())))


def is_known(name: str) -> bool:
    """Say whether there is a method of a name; of built-in ones without looking for plugins."""
    return name in _own() or name in names()


def parted(name: str) -> tuple[str, str]:
    """Return the method and the weights of METHOD or METHOD@WEIGHTS; no weights means the first."""
    method, _, weights = name.partition("@")
    return method, weights


_CHECKPOINTS = (".ckpt", ".safetensors", ".pth")


def unknown(name: str) -> UnknownNameError:
    """Return what to tell of a name that no method has; a file's tells which verb takes it."""
    file = name.lower()
    if file.endswith(_CHECKPOINTS):
        return UnknownNameError(
            f"{name} is named as a checkpoint: `relume export {name} -o mine.onnx` makes a model "
            f"file of one that relume trained, `relume import-weights METHOD {name} -o mine.onnx` "
            "of published weights"
        )
    if file.endswith(".pt"):
        return UnknownNameError(
            f"{name} is named as TorchScript, for torch.jit.load, or as published weights, for "
            f"`relume import-weights METHOD {name} -o mine.onnx`; relume runs .onnx and .xml"
        )
    if file.endswith((".onnx", ".xml")):
        return UnknownNameError(
            f"no method is called {name!r}; model files are for enhance, compare, bench, speed and "
            "verify"
        )
    return UnknownNameError.of("method", name, names())


@cache
def module(name: str) -> ModuleType:
    """Import the module of a method, whatever its weights.

    Raises: UnknownNameError with the nearest names, or for a plugin that cannot be imported.
    """
    name, _ = parted(name)
    if not is_known(name):
        raise unknown(name)
    if name in _own():
        return import_module(f"{__name__}.{name}")
    try:
        return _plugins()[name].load()
    except Exception as error:  # whatever a stranger's module does when it is imported
        raise UnknownNameError(
            f"method {name} is a plugin that cannot be imported ({error}); update or remove it"
        ) from error


def card(name: str) -> Card:
    """Return the card of a method, the weights that are named first.

    Raises: UnknownNameError with the nearest names.
    """
    found: Card = module(name).CARD
    method, wanted = parted(name)
    if "@" not in name:
        return found
    if not found.weights:
        raise UnknownNameError(f"{name}: {method} has no weights to choose; leave out @{wanted}")
    known = {weights.name: weights for weights in found.weights}
    if wanted not in known:
        raise UnknownNameError.of(f"weights of {method}", wanted, list(known))
    first = known.pop(wanted)
    return replace(found, weights=(first, *known.values()))


def cards() -> tuple[Card, ...]:
    """Return the cards of all methods, by name; a broken plugin is left out with a warning."""
    found: list[Card] = []
    for name in names():
        try:
            found.append(card(name))
        except UnknownNameError as error:
            warnings.warn(str(error), RuntimeWarning, stacklevel=2)
    return tuple(found)
