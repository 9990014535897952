"""Names of results, so that no two inputs get the same one.

Where several inputs would have one result, the input whose suffix the result has, or else the
first, gives it its name. The others keep their own suffix in front of the new one, and what clashes
even so is numbered:

| inputs               | results                          |
|----------------------|----------------------------------|
| a.HEIC, a.jpg        | a.HEIC.jpg, a.jpg                |
| x/a.jpg, y/a.jpg     | a.jpg, a-2.jpg                   |
| a.HEIC, a.jpg beside | a.HEIC.relume.jpg, a.relume.jpg  |
| a.HEIC, a.JPG        | a.HEIC.jpg, a.JPG                |
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import count
from pathlib import Path
from typing import TypeAlias

Identity: TypeAlias = Callable[[Path], object]
"""Tells files apart whatever links or spellings lead to them; None for what is not there."""


def are_distinct(targets: Iterable[str]) -> bool:
    """Tell that no two results would be one file; if in doubt, as once in 10⁷ times for a million,
    say no. Takes less memory than `distinct`, which is for those that clash.
    """
    place, seen = _Places(), set[int]()
    for number, target in enumerate(targets):
        seen.add(hash(place.key(target)))
        if len(seen) == number:
            return False
    return True


def distinct(
    pairs: Sequence[tuple[Path, Path]], *, mark: str, identity: Identity
) -> list[tuple[Path, Path]]:
    """Return the pairs of input and output with outputs that differ, an input named twice once.

    `mark` stands before the suffix of results beside their inputs. Nothing is touched.
    """
    seen: set[tuple[object, object]] = set()
    single: list[tuple[Path, Path, object]] = []
    place = _Places()
    for source, target in pairs:
        key = place.key(target)
        who = identity(source) or source
        if (who, key) not in seen:
            seen.add((who, key))
            single.append((source, target, key))
    wanted: dict[object, list[Path]] = {}
    for source, _, key in single:
        wanted.setdefault(key, []).append(source)
    taken: set[object] = set(wanted)
    inputs = {who for who, _ in seen}
    named: list[tuple[Path, Path]] = []
    for source, target, key in single:
        if wanted[key][_keeper(wanted[key], target)] != source:
            for other in _others(source, target, mark):
                # Neither another result's name nor that of a file that waits to be read.
                if place.key(other) not in taken and identity(other) not in inputs:
                    target = other
                    break
            taken.add(place.key(target))
        named.append((source, target))
    return named


def _keeper(sources: Sequence[Path], target: Path) -> int:
    suffix = target.suffix.lower()
    return next((n for n, source in enumerate(sources) if source.suffix.lower() == suffix), 0)


def _others(source: Path, target: Path, mark: str) -> Iterator[Path]:
    """Yield names that a result may have instead, best first."""
    tail = f"{mark}{target.suffix}" if target.stem.endswith(mark) else target.suffix
    stem = target.name.removesuffix(tail)
    if source.suffix.lower() != target.suffix.lower():
        stem += source.suffix
        yield target.with_name(f"{stem}{tail}")
    for number in count(2):
        yield target.with_name(f"{stem}-{number}{tail}")


class _Places:
    """Keys of outputs: equal where they would be one file, here or where case is ignored."""

    def __init__(self) -> None:
        self._folders: dict[str, tuple[str, bool]] = {}

    def key(self, target: str | Path) -> str:
        folder, name = os.path.split(target)
        if folder not in self._folders:
            self._folders[folder] = (os.path.realpath(folder), ignores_case(Path(folder)))
        real, blind = self._folders[folder]
        folder = real.casefold() if blind else real
        # Names without case on every system: results are copied to where x.jpg is X.JPG, and have
        # the same names wherever they are made.
        return os.path.join(folder, name.casefold())  # noqa: PTH118


def ignores_case(folder: Path) -> bool:
    """Tell whether x.jpg and X.JPG are one file there, by the nearest folder that exists."""
    there = Path(os.path.realpath(folder))
    while not _exists(there):
        there = there.parent
    other = there.with_name(there.name.swapcase()) if there.name else there
    try:
        return other.name != there.name and other.samefile(there)
    except OSError:
        return False


def _exists(path: Path) -> bool:
    try:
        path.stat()
    except (OSError, ValueError):  # ValueError: a name with a null byte
        return False
    return True
