"""Published weights in other precisions: shipped beside them, or made once into the user's cache.

A smaller precision is taken only when it is asked for by name; what is made is kept only when it
agrees with float32 as `relume export` demands.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from importlib import import_module
from typing import Literal, TypeAlias, get_args

from relume import extras
from relume.card import Card, settle, with_built
from relume.engines.cache import Shelf
from relume.errors import MissingExtraError, UnknownNameError
from relume.release import __version__
from relume.runtime import weights

Precision: TypeAlias = Literal["fp32", "fp16", "int8"]
PRECISIONS: tuple[Precision, ...] = get_args(Precision)
SHELF = "variants"
_MAKER = "relume.export.variant"
"""It needs torch and lies above this package: named here, imported only when asked for."""


def as_precision(name: str) -> Precision:
    """Return a precision by its name. Raises: UnknownNameError."""
    for precision in PRECISIONS:
        if precision == name:
            return precision
    raise UnknownNameError.of("precision", name, PRECISIONS)


def is_at_hand(name: str, stem: str, precision: Precision) -> bool:
    """Say whether weights need not be made first."""
    if _file(stem, precision) in weights.checksums(name):
        return True
    full = weights.read_published(name, _file(stem, "fp32"))
    return Shelf(SHELF).take(_key(full, precision)) is not None


def read(name: str, stem: str, precision: Precision) -> bytes:
    """Return the model file of published weights in a precision; making it takes up to minutes.

    Raises: WeightsError for absent or damaged weights; MissingExtraError when what makes others is
    not installed; RelumeError when they would not agree with float32.
    """
    file = _file(stem, precision)
    if precision == "fp32" or file in weights.checksums(name):
        return weights.read_published(name, file)
    full = weights.read_published(name, _file(stem, "fp32"))
    shelf, key = Shelf(SHELF), _key(full, precision)
    if (kept := shelf.take(key)) is not None:
        return kept
    if absent := extras.missing("train"):
        raise MissingExtraError(
            f"{name} is not shipped in {precision}, and making it needs {', '.join(absent)}; "
            f"{extras.pip_line('train')}"
        )
    made: bytes = import_module(_MAKER).make(full, precision=precision)
    shelf.put(key, made)
    return made


def read_built(name: str, stem: str, values: Mapping[str, int]) -> bytes:
    """Return the model file of published weights whose graph is made for other values than the
    card's; making it takes up to minutes.

    Raises: WeightsError; MissingExtraError; RelumeError when it would not agree with the network.
    """
    full = weights.read_published(name, _file(stem, "fp32"))
    shelf, key = Shelf(SHELF), _key(full, _spelt(values))
    if (kept := shelf.take(key)) is not None:
        return kept
    if absent := extras.missing("train"):
        raise MissingExtraError(
            f"{name} at {_spelt(values)} is not shipped, and making it needs {', '.join(absent)}; "
            f"{extras.pip_line('train')}"
        )
    made: bytes = import_module(_MAKER).rebuild(name, stem, values)
    shelf.put(key, made)
    return made


def is_built(name: str, stem: str, values: Mapping[str, int]) -> bool:
    """Say whether such a graph need not be made first."""
    full = weights.read_published(name, _file(stem, "fp32"))
    return Shelf(SHELF).take(_key(full, _spelt(values))) is not None


def other_than_shipped(card: Card, knobs: Mapping[str, float]) -> dict[str, int]:
    """Return all values that decide a graph, where some of `knobs` differ from the card's defaults;
    else nothing.

    Raises: ContractError for one that is out of range or not whole.
    """
    wanted = {knob.name: knobs[knob.name] for knob in card.built if knob.name in knobs}
    made = with_built(card, settle(card, wanted) if wanted else {})
    if all(one.default == other.default for one, other in zip(card.built, made.built, strict=True)):
        return {}
    return {knob.name: int(knob.default) for knob in made.built}


def _spelt(values: Mapping[str, int]) -> str:
    return ", ".join(f"{name}={value}" for name, value in sorted(values.items()))


def _file(stem: str, precision: Precision) -> str:
    return f"{stem}.onnx" if precision == "fp32" else f"{stem}.{precision}.onnx"


def _key(full: bytes, precision: str) -> str:
    return f"{sha256(full).hexdigest()} {precision} {__version__}"
