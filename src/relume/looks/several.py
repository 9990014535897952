"""Several looks of one method: blended, averaged, and as bytes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib import import_module
from math import prod
from typing import Any

import numpy as np

from relume import methods
from relume.errors import ContractError
from relume.looks.look import Function, Look, Small

MAGIC = b"relume look 1\n"
MOST_BYTES = 256 * 2**20
"""Of a look that is read: a tone's function of a camera's levels takes one or two megabytes."""
MOST_HEAD = 2**16
_TYPES = ("<f4", "<f8")


def can_blend(first: Look, second: Look) -> bool:
    """Say whether two looks differ in their numbers only."""
    return (
        (first.card, first.kind, first.words) == (second.card, second.kind, second.words)
        and dict(first.functions) == dict(second.functions)
        and first.scalars.keys() == second.scalars.keys()
        and _shapes(first) == _shapes(second)
        and first.size == second.size
    )


def blend(first: Look, second: Look, weight: float) -> Look:
    """Return (1 − weight) · first + weight · second, weight in [0, 1], number by number.

    Raises: ContractError for looks that differ in more than their numbers.
    """
    return mean([first, second], [1.0 - weight, weight])


def mean(looks: Sequence[Look], weights: Sequence[float] | None = None) -> Look:
    """Return the weighted mean of looks, number by number; weights need not sum to 1.

    Raises: ContractError for no looks, looks that differ in more than their numbers, or weights
    that are negative or all 0.
    """
    shares = np.asarray([1.0] * len(looks) if weights is None else weights, np.float64)
    if not looks or len(shares) != len(looks) or not (shares >= 0).all() or not shares.sum() > 0:
        raise ContractError("looks: expected one or more, with weights of at least 0, not all 0")
    first = looks[0]
    for other in looks[1:]:
        if not can_blend(first, other):
            raise ContractError("looks: only those of one method, kind and size can be blended")
    shares = shares / shares.sum()
    maps: dict[str, Small] = {
        name: np.einsum("i,i...->...", shares, [look.maps[name] for look in looks]).astype(
            values.dtype
        )
        for name, values in first.maps.items()
    }
    scalars = {
        name: float(shares @ [look.scalars[name] for look in looks]) for name in first.scalars
    }
    return replace(first, maps=maps, scalars=scalars)


def to_bytes(look: Look) -> bytes:
    """Write a look: a line of JSON, then its arrays, little-endian.

    Raises: ContractError for one with a function that no module names.
    """
    head = {
        "method": look.method,
        "card": look.card,
        "size": look.size,
        "kind": look.kind,
        "scalars": dict(look.scalars),
        "words": dict(look.words),
        "functions": {name: _named(function) for name, function in look.functions.items()},
        "maps": {
            name: [values.dtype.newbyteorder("<").str, *values.shape]
            for name, values in look.maps.items()
        },
    }
    arrays = [
        np.ascontiguousarray(values, values.dtype.newbyteorder("<")).tobytes()
        for values in look.maps.values()
    ]
    return b"".join([MAGIC, json.dumps(head, sort_keys=False).encode(), b"\n", *arrays])


def from_bytes(data: bytes) -> Look:
    """Read a look as `to_bytes` wrote it.

    Raises: ContractError for anything else, or a function of another module than its method's or
    relume's own.
    """
    try:
        return _read(data)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError, OverflowError) as error:
        raise ContractError(f"look: these bytes are none: {error}") from error


def _read(data: bytes) -> Look:
    if len(data) > MOST_BYTES or not data.startswith(MAGIC):
        raise ContractError("look: these bytes are none, or too many")
    end = data.index(b"\n", len(MAGIC), len(MAGIC) + MOST_HEAD)
    head: dict[str, Any] = json.loads(data[len(MAGIC) : end])
    method, at = str(head["method"]), end + 1
    maps: dict[str, Small] = {}
    for name, (kind, *shape) in head["maps"].items():
        if kind not in _TYPES or any(type(side) is not int or side < 0 for side in shape):
            raise ContractError(f"look: an array of {kind!r} and {shape} is none of a look")
        size = np.dtype(kind).itemsize * prod(shape)
        if size > len(data) - at:
            raise ContractError("look: its arrays are cut off")
        array = np.frombuffer(data, kind, count=prod(shape), offset=at).reshape(shape)
        maps[str(name)] = array.astype(array.dtype.newbyteorder("="))
        at += size
    height, width = (int(side) for side in head["size"])
    return Look(
        method,
        str(head["card"]),
        (height, width),
        str(head["kind"]),
        maps,
        {str(name): float(value) for name, value in head["scalars"].items()},
        {str(name): str(value) for name, value in head["words"].items()},
        {str(name): _found(str(value), method) for name, value in head["functions"].items()},
    )


def _shapes(look: Look) -> Mapping[str, tuple[int, ...]]:
    return {name: values.shape for name, values in look.maps.items()}


def _named(function: Function) -> str:
    module, name = getattr(function, "__module__", ""), getattr(function, "__qualname__", "")
    if not module or not name.isidentifier():
        raise ContractError(
            "look: its function cannot be kept: let the rendering hold a functools.partial of a "
            "module's own function"
        )
    return f"{module}:{name}"


def _found(text: str, method: str) -> Function:
    """Return a function by its name, if it belongs to the method or to what methods share."""
    module, _, name = text.partition(":")
    homes = (methods.module(method).__name__, "relume.filters", "relume.retinex", "relume.colour")
    if not any(module == home or module.startswith(f"{home}.") for home in homes):
        raise ContractError(f"look: {text} is no function of {method}")
    function: Any = getattr(import_module(module), name)
    if getattr(function, "__module__", None) != module or not callable(function):
        raise ContractError(f"look: {text} is no function of {method}")
    return function
