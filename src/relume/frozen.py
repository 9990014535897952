"""Frozen dataclasses that take no time to define.

`dataclasses.dataclass(frozen=True)` has six functions compiled for each class, half a millisecond:
a fifth of a first picture, for all the classes it needs. Here nothing is compiled, and an instance
takes a microsecond more: where there are millions of them, the other kind is the right one. Nothing
else differs; `dataclasses.replace`, `fields` and `asdict` work, and `inspect` knows the signature.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import MISSING, Field, FrozenInstanceError, field
from operator import attrgetter
from typing import Any, TypeVar, dataclass_transform, overload

T = TypeVar("T")
Parts = tuple[Field[Any], ...]


@overload
def frozen(cls: type[T], /) -> type[T]: ...
@overload
def frozen(*, eq: bool = True) -> Callable[[type[T]], type[T]]: ...
@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def frozen(
    cls: type[T] | None = None, /, *, eq: bool = True
) -> type[T] | Callable[[type[T]], type[T]]:
    """Make a class a frozen dataclass; with `eq=False` instances are equal to themselves alone."""

    def made(cls: type[T]) -> type[T]:
        return _made(cls, eq=eq)

    return made if cls is None else made(cls)


def _made(cls: type[T], *, eq: bool) -> type[T]:
    own = dict(vars(cls))
    if own.get("__doc__") is None:  # it would be taken from a signature that is not there yet
        cls.__doc__ = cls.__name__
    dataclasses.dataclass(init=False, repr=False, eq=False)(cls)
    parts: Parts = dataclasses.fields(cls)  # pyright: ignore[reportArgumentType]  # it is one now
    functions: dict[str, Any] = {
        "__init__": _initialiser(cls, parts),
        "__repr__": _representer([each.name for each in parts if each.repr]),
        "__setattr__": _guard(cls, parts, object.__setattr__, "assign to"),
        "__delattr__": _guard(cls, parts, object.__delattr__, "delete"),
        "__signature__": _Signature(parts),
        **(_comparers([each.name for each in parts if each.compare]) if eq else {}),
    }
    for name, function in functions.items():
        if own.get(name) is None:  # a class with an `__eq__` of its own has None for its hash
            setattr(cls, name, function)
    return cls


def _initialiser(cls: type, parts: Parts) -> Callable[..., None]:
    names = tuple(each.name for each in parts if each.init and not each.kw_only)
    known = frozenset(each.name for each in parts if each.init)
    usual = {each.name: each.default for each in parts if each.default is not MISSING}
    made = {
        each.name: each.default_factory for each in parts if each.default_factory is not MISSING
    }
    whole, after = len(parts), hasattr(cls, "__post_init__")

    def initialise(self: Any, *given: Any, **named: Any) -> None:
        values = vars(self)
        values.update(zip(names, given, strict=False))
        if named or len(given) > len(names):
            if len(given) > len(names) or not named.keys() <= known or named.keys() & values.keys():
                raise _misfit(type(self), given, named)
            values.update(named)
        if len(values) < whole:
            for each in parts:
                name = each.name
                if name not in values:
                    if name in usual:
                        values[name] = usual[name]
                    elif name in made:
                        values[name] = made[name]()
                    elif each.init:
                        raise _misfit(type(self), given, named)
        if after:
            self.__post_init__()

    return initialise


def _misfit(cls: type, given: tuple[Any, ...], named: dict[str, Any]) -> TypeError:
    """Return what Python says of a call that does not fit a signature."""
    from inspect import signature

    try:
        signature(cls).bind(*given, **named)
    except TypeError as error:
        return TypeError(f"{cls.__qualname__}.__init__() {error}")
    return TypeError(f"{cls.__qualname__}.__init__() was given what does not fit")


class _Signature:
    """How a class is called, for `inspect`: made when somebody asks."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def __get__(self, instance: object, owner: type) -> Any:
        from inspect import Parameter, Signature

        def usual(part: Field[Any]) -> Any:
            if part.default_factory is not MISSING:
                return _Made()
            return Parameter.empty if part.default is MISSING else part.default

        return Signature(
            [
                Parameter(
                    part.name,
                    Parameter.KEYWORD_ONLY if part.kw_only else Parameter.POSITIONAL_OR_KEYWORD,
                    default=usual(part),
                    annotation=part.type,
                )
                for part in sorted(self._parts, key=lambda part: bool(part.kw_only))
                if part.init
            ]
        )


class _Made:
    """Stands in a signature for what is made for each instance."""

    def __repr__(self) -> str:
        return "<factory>"


def _representer(names: list[str]) -> Callable[[Any], str]:
    def represent(self: Any) -> str:
        said = ", ".join(f"{name}={getattr(self, name)!r}" for name in names)
        return f"{type(self).__qualname__}({said})"

    return represent


def _comparers(names: list[str]) -> dict[str, Callable[..., Any]]:
    """Return what tells whether two instances are equal, and a number that goes with it."""
    several = attrgetter(*names) if len(names) > 1 else None

    def values(instance: Any) -> Any:
        if several is not None:
            return several(instance)
        return tuple(getattr(instance, name) for name in names)

    def equals(self: Any, other: Any) -> Any:
        if other.__class__ is not self.__class__:
            return NotImplemented
        return values(self) == values(other)

    def number(self: Any) -> int:
        return hash(values(self))

    return {"__eq__": equals, "__hash__": number}


def _guard(cls: type, parts: Parts, usual: Callable[..., None], what: str) -> Callable[..., None]:
    names = frozenset(each.name for each in parts)

    def guarded(self: Any, name: str, *value: Any) -> None:
        if type(self) is cls or name in names:
            raise FrozenInstanceError(f"cannot {what} field {name!r}")
        usual(self, name, *value)

    return guarded
