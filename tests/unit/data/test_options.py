"""Parsed data become typed values, or an error that names the key."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import pytest

from relume.data import darkening
from relume.data.options import build, call
from relume.errors import ContractError, UnknownNameError


@dataclass(frozen=True)
class Inner:
    low: float
    high: float = 1.0


@dataclass(frozen=True)
class Outer:
    count: int = 1
    name: str = ""
    kind: Literal["a", "b"] = "a"
    inner: Inner | None = None
    pair: tuple[int, float] = (1, 2.0)
    many: tuple[Inner, ...] = ()
    rest: dict[str, Any] = field(default_factory=dict[str, Any])


def test_builds_nested_values() -> None:
    data = {
        "inner": {"low": "1e-3"},
        "pair": [3, 4],
        "many": [{"low": 0, "high": 2}],
        "rest": {"x": [1]},
        "kind": "b",
    }
    assert build(Outer, data, where="it") == Outer(
        inner=Inner(1e-3), pair=(3, 4.0), many=(Inner(0.0, 2.0),), rest={"x": [1]}, kind="b"
    )
    assert build(Outer, {"inner": None}, where="it") == Outer()


@pytest.mark.parametrize(
    ("data", "kind", "message"),
    [
        ({"cuont": 1}, UnknownNameError, "no key of it is called 'cuont'; did you mean count"),
        ({"count": 1.5}, ContractError, r"it\.count: expected int, got 1\.5"),
        ({"count": True}, ContractError, "expected int"),
        ({"kind": "c"}, ContractError, "expected one of a, b"),
        ({"inner": {}}, ContractError, r"it\.inner: lacks low"),
        ({"inner": 3}, ContractError, r"it\.inner: expected a section"),
        ({"pair": [1]}, ContractError, r"it\.pair: expected 2 values"),
        ({"pair": 1}, ContractError, "expected a list"),
        ({"many": [{"low": "x"}]}, ContractError, r"it\.many\[0\]\.low: expected a number"),
        (3, ContractError, "it: expected a section"),
    ],
)
def test_says_what_is_wrong(data: Any, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        build(Outer, data, where="it")


def test_calls_with_a_section() -> None:
    def target(*, size: int = 2, scale: float = 1.0) -> tuple[int, float]:
        return size, scale

    assert call(target, {"scale": 3}, where="it") == (2, 3.0)
    with pytest.raises(UnknownNameError, match="no key of it is called 'sise'"):
        call(target, {"sise": 3}, where="it")


@pytest.mark.parametrize("name", darkening.names())
def test_every_darkening_has_a_buildable_description(name: str) -> None:
    assert callable(darkening.make(name, {}))
    with pytest.raises(UnknownNameError, match=f"no key of darkening {name} is called 'zzz'"):
        darkening.make(name, {"zzz": 1})


def test_a_darkening_goes_by_its_name() -> None:
    with pytest.raises(UnknownNameError, match="did you mean curve"):
        darkening.make("curves", {})
