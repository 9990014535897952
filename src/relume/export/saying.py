"""How an export tells how far it is: a function of a line, without its end."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sized
from typing import Protocol, TypeAlias, TypeVar

Say: TypeAlias = Callable[[str], None]

Item = TypeVar("Item", covariant=True)


class Many(Sized, Iterable[Item], Protocol[Item]):
    """What can be counted before it is gone through."""


def silent(line: str) -> None:
    """Tell nobody."""


def telling(items: Many[Item], say: Say, what: str, unit: str) -> Iterator[Item]:
    """Yield items one after another and tell which it is: calibrating: picture 3 of 24."""
    for number, item in enumerate(items, 1):
        say(f"{what}: {unit} {number} of {len(items)}")
        yield item
