"""Parsed YAML or JSON becomes typed values: as strict as the types say, with errors that name keys.

| declared            | accepted                                    |
|---------------------|---------------------------------------------|
| a dataclass         | a section whose keys are its fields         |
| float               | any number, also as text: YAML reads 1e-3 so |
| int, bool, str, dict | that type alone                            |
| Literal             | one of its values                           |
| tuple[T, ...]       | a list of T                                 |
| tuple[A, B]         | a list of exactly these                     |
| T | None            | T or nothing                                |
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from relume.errors import ContractError, UnknownNameError

Built = TypeVar("Built")


def build(target: type[Built], data: Any, *, where: str) -> Built:
    """Turn parsed data into `target`; `where` names the place in errors.

    Raises: UnknownNameError for a key that does not exist; ContractError for a value of another
    type.
    """
    return cast("Built", _build(target, data, where=where))


def call(target: Callable[..., Built], values: Mapping[str, Any], *, where: str) -> Built:
    """Call a constructor with a section of a recipe, checked against its signature.

    Raises: UnknownNameError for an argument it lacks; ContractError for a value of another type.
    """
    hints = get_type_hints(target.__init__ if inspect.isclass(target) else target)
    known = [name for name in hints if name != "return"]
    return target(**_values(values, hints, known, where=where))


def _values(
    data: Mapping[str, Any], hints: Mapping[str, Any], known: list[str], *, where: str
) -> dict[str, Any]:
    for name in data:
        if name not in known:
            raise UnknownNameError.of(f"key of {where}", str(name), known)
    return {
        name: _build(hints[name], value, where=f"{where}.{name}") for name, value in data.items()
    }


def _build(target: Any, data: Any, *, where: str) -> Any:
    origin, arguments = get_origin(target), get_args(target)
    if is_dataclass(target):
        if not isinstance(data, dict):
            raise ContractError(f"{where}: expected a section, got {data!r}")
        known = [each.name for each in fields(target)]
        section = cast("dict[str, Any]", data)
        absent = [each.name for each in fields(target) if _is_required(each)]
        if absent := [name for name in absent if name not in section]:
            raise ContractError(f"{where}: lacks {', '.join(absent)}")
        return cast("type", target)(**_values(section, get_type_hints(target), known, where=where))
    if origin in (Union, UnionType):
        return _one_of(arguments, data, where=where)
    if origin is tuple:
        return _items(arguments, data, where=where)
    if origin is Literal:
        if data not in arguments:
            listed = ", ".join(map(str, arguments))
            raise ContractError(f"{where}: expected one of {listed}, got {data!r}")
        return data
    plain = origin or target
    if plain is float:
        return _number(data, where=where)
    if not isinstance(data, plain) or (plain is int and isinstance(data, bool)):
        raise ContractError(f"{where}: expected {plain.__name__}, got {data!r}")
    return data


def _is_required(each: Field[Any]) -> bool:
    return each.default is MISSING and each.default_factory is MISSING


def _one_of(kinds: tuple[Any, ...], data: Any, *, where: str) -> Any:
    """Take the first type that fits; the error is that of the last."""
    if data is None and NoneType in kinds:
        return None
    real = [kind for kind in kinds if kind is not NoneType]
    for kind in real[:-1]:
        try:
            return _build(kind, data, where=where)
        except ContractError:
            continue
    return _build(real[-1], data, where=where)


def _items(kinds: tuple[Any, ...], data: Any, *, where: str) -> tuple[Any, ...]:
    if not isinstance(data, list | tuple):
        raise ContractError(f"{where}: expected a list, got {data!r}")
    items = cast("list[Any]", data)
    if kinds[-1] is ...:
        kinds = kinds[:1] * len(items)
    elif len(items) != len(kinds):
        raise ContractError(f"{where}: expected {len(kinds)} values, got {data!r}")
    return tuple(
        _build(kind, item, where=f"{where}[{n}]")
        for n, (kind, item) in enumerate(zip(kinds, items, strict=True))
    )


def _number(data: Any, *, where: str) -> float:
    # YAML reads 1e-3 as text; people write it as a number.
    try:
        if isinstance(data, bool):
            raise ValueError
        return float(data)
    except (TypeError, ValueError) as error:
        raise ContractError(f"{where}: expected a number, got {data!r}") from error
