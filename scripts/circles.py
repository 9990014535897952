"""Fail where modules of the package import each other in a circle, or a file grows too long.

import-linter knows floors and packages; a package's own `__init__` and its modules, and what is
imported for types alone or inside a function, are seen only here.

Usage: python scripts/circles.py
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import grimp

ROOT = Path(__file__).resolve().parents[1]
LONGEST = 350
"""Lines of a file: more than that is two trades."""
PLACES = ("src", "tests", "scripts", "benchmarks", "web", "findings")
CODE = frozenset((".py", ".c", ".h", ".js", ".lua", ".sh", ".css", ".html"))


def circle() -> list[str]:
    """Return the modules of a circle, each importing the one before; empty when there is none."""
    graph = grimp.build_graph("relume", cache_dir=None)
    imports = {name: graph.find_modules_directly_imported_by(name) for name in graph.modules}
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as error:
        return error.args[1]
    return []


def long_files() -> Iterator[tuple[Path, int]]:
    """Yield files with more than LONGEST lines, and how many they have."""
    for place in PLACES:
        for path in sorted((ROOT / place).rglob("*")):
            if path.suffix not in CODE or ROOT / "web/dist" in path.parents or not path.is_file():
                continue
            lines = len(path.read_text(encoding="utf-8").splitlines())
            if lines > LONGEST:
                yield path.relative_to(ROOT), lines


def main() -> int:
    """Say what is wrong and return the exit code."""
    found = circle()
    if found:
        print(f"modules import each other in a circle: {' ← '.join(found)}")
    too_long = list(long_files())
    for path, lines in too_long:
        print(f"{path}: {lines} lines, more than {LONGEST}; part it")
    return 1 if found or too_long else 0


if __name__ == "__main__":
    sys.exit(main())
