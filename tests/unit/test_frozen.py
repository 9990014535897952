"""Frozen classes do what frozen dataclasses do."""

from __future__ import annotations

import copy
import pickle
from dataclasses import FrozenInstanceError, asdict, dataclass, field, fields, is_dataclass, replace
from inspect import signature
from typing import Any, ClassVar

import pytest

from relume.frozen import frozen


@frozen
class Base:
    """A value."""

    size: int
    name: str = "none"


@frozen
class Wide(Base):
    parts: list[int] = field(default_factory=list[int])
    hidden: int = field(default=3, repr=False, compare=False)
    kind: ClassVar[str] = "wide"


@dataclass(frozen=True)
class UsualBase:
    """A value."""

    size: int
    name: str = "none"


@dataclass(frozen=True)
class UsualWide(UsualBase):
    parts: list[int] = field(default_factory=list[int])
    hidden: int = field(default=3, repr=False, compare=False)
    kind: ClassVar[str] = "wide"


@frozen(eq=False)
class Alone:
    size: int

    def __post_init__(self) -> None:
        if self.size < 0:
            raise ValueError("negative")
        object.__setattr__(self, "twice", 2 * self.size)


CALLS: tuple[tuple[tuple[Any, ...], dict[str, Any]], ...] = (
    ((1,), {}),
    ((1, "a"), {}),
    ((), {"size": 1, "name": "b"}),
    ((2,), {"hidden": 5, "parts": [1]}),
    ((), {}),
    ((1, "a", [], 2, 3), {}),
    ((1,), {"size": 2}),
    ((1,), {"other": 2}),
)


@pytest.mark.parametrize(("given", "named"), CALLS)
@pytest.mark.parametrize(("ours", "usual"), [(Base, UsualBase), (Wide, UsualWide)])
def test_calls_give_and_refuse_what_dataclasses_do(
    ours: Any, usual: Any, given: tuple[Any, ...], named: dict[str, Any]
) -> None:
    try:
        wanted = usual(*given, **named)
    except TypeError:
        with pytest.raises(TypeError, match=ours.__name__):
            ours(*given, **named)
        return
    found = ours(*given, **named)
    assert repr(found) == repr(wanted).replace("Usual", "")
    assert asdict(found) == asdict(wanted)
    assert asdict(replace(found, size=9)) == asdict(replace(wanted, size=9))
    assert copy.deepcopy(found) == found == pickle.loads(pickle.dumps(found))


def test_equality_and_hashes() -> None:
    assert Base(1) == Base(1, "none") != Base(2)
    assert Wide(1, hidden=1) == Wide(1, hidden=2)
    assert Base(1) != Wide(1)
    assert hash(Base(1)) == hash(Base(1, "none"))
    assert Alone(1) != Alone(1)
    with pytest.raises(TypeError, match="unhashable"):
        hash(Wide(1))


@pytest.mark.parametrize("value", [Base(1), Wide(1), Alone(1)])
def test_nothing_can_be_changed(value: Any) -> None:
    for name in ("size", "new"):
        with pytest.raises(FrozenInstanceError):
            setattr(value, name, 2)
        with pytest.raises(FrozenInstanceError):
            delattr(value, name)
    assert value.size == 1


def test_what_follows_the_fields_is_done() -> None:
    assert vars(Alone(2))["twice"] == 4
    with pytest.raises(ValueError, match="negative"):
        Alone(-1)


def test_no_two_instances_share_what_is_made_for_each() -> None:
    Wide(1).parts.append(2)
    assert Wide(1).parts == []


def test_it_is_a_dataclass_for_those_who_ask() -> None:
    assert is_dataclass(Base)
    assert [each.name for each in fields(Wide)] == [each.name for each in fields(UsualWide)]
    for ours, usual in ((Base, UsualBase), (Wide, UsualWide)):
        assert str(signature(ours)) == str(signature(usual)).removesuffix(" -> None")
    assert Base.__doc__ == "A value."
    match Base(4, "x"):
        case Base(size, name):
            assert (size, name) == (4, "x")


def test_a_class_keeps_what_it_defines_itself() -> None:
    @frozen
    class Own:
        size: int

        def __eq__(self, other: object) -> bool:
            return isinstance(other, Own)

        def __repr__(self) -> str:
            return "own"

    assert Own(1) == Own(2)
    assert repr(Own(1)) == "own"
    assert hash(Own(1)) == hash(Own(1))
