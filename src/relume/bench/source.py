"""The hash of a method's code: a record is only reused while that is the same."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path

PACKAGE = "relume"
NEUTRAL = frozenset(f"{PACKAGE}.{name}" for name in ("errors", "arrays", "extras", "card", "photo"))
"""Descriptions and messages: no pixel depends on them."""


def source_of(*modules: str) -> str:
    """Return the sha256 of modules and of everything in relume that they import, at any depth, with
    the C code beside them where the source is at hand. Weights are not in it."""
    waiting, files = list(modules), dict[str, Path]()
    while waiting:
        name = waiting.pop()
        path = _file(name)
        if path is not None and name not in files:
            files[name] = path
            waiting.extend(_imports(path))
    state = sha256()
    for name in sorted(files):
        state.update(name.encode() + b"\0" + files[name].read_bytes())
    folders = {path.parent for path in files.values()}
    for path in sorted(file for folder in folders for file in folder.glob("*.[ch]")):
        state.update(path.name.encode() + b"\0" + path.read_bytes())
    return state.hexdigest()


@cache
def _file(module: str) -> Path | None:
    try:
        found = find_spec(module)
    except ModuleNotFoundError:  # a name inside a module
        return None
    return Path(found.origin) if found and found.origin and found.origin.endswith(".py") else None


@cache
def _imports(path: Path) -> tuple[str, ...]:
    return tuple(_read_imports(path))


def _read_imports(path: Path) -> Iterator[str]:
    """Yield the modules of relume that a file names; absolute imports are all there are."""
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.ImportFrom) and node.module and _own(node.module):
            if node.module != PACKAGE:  # the contents page names everything and imports nothing
                yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if _own(alias.name))


def _own(module: str) -> bool:
    return f"{module}.".startswith(f"{PACKAGE}.") and module not in NEUTRAL
