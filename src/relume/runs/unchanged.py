"""Which of many files are what a manifest knows of them: `stamp`, for a million files.

Compiled, since Python takes longer to say what the system tells of a file than the system itself.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import lru_cache
from importlib import import_module
from typing import TypeAlias, cast

from relume.runs.rows import Settled

Pairs: TypeAlias = Sequence[tuple[str, str, *tuple[object, ...]]]
"""A list of tuples that begin with the names of an input and its result."""
Ask: TypeAlias = Callable[[Pairs, list[Settled | None]], bytes]


def are_unchanged(pairs: Pairs, known: list[Settled | None]) -> list[bool]:
    """Tell of each pair whether it is known with this input and both files are as they were."""
    ask = compiled()
    if ask is not None:
        return list(map(bool, ask(pairs, known)))
    return [
        row is not None
        and row[1] == pair[0]
        and _is_same(pair[0], size=row[2], mark=row[3])
        and _is_same(pair[1], size=row[4], mark=row[5])
        for pair, row in zip(pairs, known, strict=True)
    ]


@lru_cache(maxsize=1)
def compiled() -> Ask | None:
    """Return the compiled function, None where there is none."""
    try:
        return cast("Ask", import_module("relume.runs._unchanged").unchanged)
    except ImportError:
        return None


def _is_same(name: str, *, size: int, mark: str) -> bool:
    try:
        about = os.stat(name)  # noqa: PTH116 (a path's own stat takes twice as long)
    except (OSError, ValueError):  # ValueError: a name with a null byte
        return False
    return about.st_size == size and str(about.st_mtime_ns) == mark
