"""What a method is, wants and came from: data without behaviour, and its JSON form.

A card is at once registry entry, input contract, help text, documentation row and the metadata
inside an exported model file.
"""

from __future__ import annotations

import json
import types
from collections.abc import Mapping
from dataclasses import asdict, field, fields, is_dataclass, replace
from math import isfinite
from typing import (
    Any,
    Literal,
    SupportsFloat,
    Union,
    cast,
    get_args,
    get_origin,
    get_type_hints,
)

from relume.errors import ContractError, UnknownNameError
from relume.frozen import frozen

Encoding = Literal["srgb", "linear", "mosaic"]
"""How numbers stand for light: encoded for a display, proportional to light, or one sensor sample
per site."""

Kind = Literal["classical", "neural"]


@frozen
class Knob:
    """A user's scalar: its range is closed and the method works everywhere inside it."""

    name: str
    default: float
    low: float
    high: float
    meaning: str
    whole: bool = False
    """Only whole numbers make sense."""


@frozen
class Weights:
    """A trained set of parameters, identified by the sha256 of its safetensors file."""

    name: str
    sha256: str
    trained_on: tuple[str, ...]
    license: str | None
    recipe: str = ""


@frozen
class Estimate:
    """How a network's work is done small: what it returns and how the picture is reduced for it."""

    renders: Literal["curve"]
    """Which map the graph's output of that name is; `relume.render` applies it at full size."""
    iterations: int
    """How often the map is applied to each pixel."""
    reduction: Literal["bilinear", "area"]
    """`bilinear` reads four neighbours (as the published code), `area` averages everything."""
    scale_knob: str
    """The knob that holds the factor of the reduction, whole, at least 1."""
    aligns_corners: bool
    """The map's outermost samples lie on the picture's outermost pixels."""


@frozen
class Lifting:
    """How a network is run that looks at the whole picture small and cleans the full one in pieces.

    Its outputs `slope` and `offset` are what `relume.render.Lift` renders, of the picture reduced
    by area to `side` × `side`; `noise` is what the roots of its samples have too much. It is taken
    away where `amount` is above 0, as strongly as the knob `denoise` says.
    """

    side: int
    halo: int
    """How far, in pixels, an input pixel influences `noise`."""


@frozen
class Card:
    """What a method is. `reach` is how many pixels away, at the size the method is run at, an
    input pixel can influence the output; None means the whole picture."""

    name: str
    title: str
    summary: str
    kind: Kind
    reach: int | None
    year: int | None = None
    paper: str | None = None
    upstream: str | None = None
    license: str | None = None
    """Licence of the upstream code the idea was published with; ours is the package's."""
    input: Encoding = "srgb"
    output: Encoding = "srgb"
    multiple_of: int = 1
    """The graph wants heights and widths that are multiples of this."""
    bytes_per_pixel: int = 2048
    """Working memory per pixel at the size the method is run at; tiles are sized by it."""
    most_pixels: int | None = None
    """The largest picture a method whose reach is None is run at; a larger one is reduced by area
    to it and the result is carried to full size by a local linear fit. None: there is no limit."""
    keeps_gray: bool = False
    """A picture whose three channels are equal comes out with three equal channels."""
    cost: str = ""
    parameters: int = 0
    knobs: tuple[Knob, ...] = ()
    built: tuple[Knob, ...] = field(default=(), compare=False)
    """Whole numbers that decide the graph itself, as attributes of the network: for another one
    than the default, a graph is made once. Not part of a model file, whose graph is made."""
    weights: tuple[Weights, ...] = ()
    estimate: Estimate | None = None
    lifting: Lifting | None = None


def settle(card: Card, values: Mapping[str, float] | None = None) -> dict[str, float]:
    """Complete a user's knob values with the card's defaults; those that decide the graph are left
    out unless they are given.

    Raises: UnknownNameError for a knob the card lacks; ContractError outside its range.
    """
    given = dict(values or {})
    known = {knob.name: knob for knob in (*card.knobs, *card.built)}
    for name in given:
        if name not in known:
            if not known:
                raise UnknownNameError(f"{card.name} has no knobs, so {name!r} cannot be set")
            raise UnknownNameError.of(f"knob of {card.name}", name, known)
    settled: dict[str, float] = {}
    for knob in (*card.knobs, *(knob for knob in card.built if knob.name in given)):
        value = as_number(f"knob {knob.name} of {card.name}", given.get(knob.name, knob.default))
        if knob.low == knob.high != value:
            raise ContractError(
                f"knob {knob.name} of {card.name}: {knob.low:g} in this graph, got {value:g}; "
                "it is chosen when the method is loaded"
            )
        if not isfinite(value) or not knob.low <= value <= knob.high:
            raise ContractError(
                f"knob {knob.name} of {card.name}: expected a value from {knob.low:g} to "
                f"{knob.high:g}, got {value:g}"
            )
        if knob.whole and value != int(value):
            raise ContractError(
                f"knob {knob.name} of {card.name}: expected a whole number, got {value:g}"
            )
        settled[knob.name] = value
    return settled


def with_built(card: Card, values: Mapping[str, float]) -> Card:
    """Return the card of a graph that is made: what decided it cannot be set any more.

    Raises: ContractError for a value out of its range.
    """
    chosen = settle(card, {knob.name: values.get(knob.name, knob.default) for knob in card.built})
    fixed = tuple(
        replace(knob, default=value, low=value, high=value)
        for knob in card.built
        for value in (chosen[knob.name],)
    )
    return replace(card, built=fixed)


def as_number(name: str, value: object) -> float:
    """Return a number that a user gave. Raises: ContractError for what is none, texts too."""
    if isinstance(value, str | bytes) or not hasattr(value, "__float__"):
        raise ContractError(f"{name}: expected a number, got {value!r:.60}")
    try:
        return float(cast(SupportsFloat, value))
    except (TypeError, ValueError) as error:
        raise ContractError(f"{name}: expected a number, got {value!r:.60}") from error


def to_json(card: Card) -> str:
    """Write a card as one line of JSON."""
    told = asdict(card)
    del told["built"]
    return json.dumps(told, ensure_ascii=False, sort_keys=True)


def from_json(text: str) -> Card:
    """Read a card from JSON, as strictly as it was written.

    Raises: ContractError when a field is absent, unknown or of another type.
    """
    try:
        data = json.loads(text)
    except ValueError as error:
        raise ContractError(f"a card must be JSON: {error}") from error
    return _build(Card, data, where="card")


def _build(target: Any, data: Any, *, where: str) -> Any:
    """Turn parsed JSON into `target`, a dataclass, tuple, literal, optional or plain type."""
    origin, arguments = get_origin(target), get_args(target)
    if is_dataclass(target):
        return _build_dataclass(target, data, where=where)
    if origin in (Union, types.UnionType):  # only ever "X | None" here
        inner = next(argument for argument in arguments if argument is not type(None))
        return None if data is None else _build(inner, data, where=where)
    if origin is tuple:
        if not isinstance(data, list):
            raise ContractError(f"{where}: expected a list, got {data!r}")
        return tuple(
            _build(arguments[0], item, where=f"{where}[{index}]")
            for index, item in enumerate(data)  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
        )
    if origin is Literal:
        if data not in arguments:
            raise ContractError(f"{where}: expected one of {', '.join(arguments)}, got {data!r}")
        return data
    if target is float and isinstance(data, int) and not isinstance(data, bool):
        return float(data)
    if not isinstance(data, target) or (target is int and isinstance(data, bool)):
        raise ContractError(f"{where}: expected {target.__name__}, got {data!r}")
    return data


def _build_dataclass(target: Any, data: Any, *, where: str) -> Any:
    if not isinstance(data, dict):
        raise ContractError(f"{where}: expected an object, got {data!r}")
    hints = get_type_hints(target)
    unknown = set(data) - {field.name for field in fields(target)}  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
    if unknown:
        raise ContractError(f"{where}: unknown fields {', '.join(sorted(map(str, unknown)))}")  # pyright: ignore[reportUnknownArgumentType]
    try:
        return target(
            **{
                name: _build(hints[name], value, where=f"{where}.{name}")
                for name, value in data.items()  # pyright: ignore[reportUnknownVariableType]
            }
        )
    except TypeError as error:
        raise ContractError(f"{where}: {error}") from error
