"""Listing folders whatever the case of their names, in an order that is the same everywhere."""

from __future__ import annotations

import re
from collections.abc import Container
from dataclasses import dataclass
from pathlib import Path

PICTURES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp", ".ppm"})
"""Suffixes of pictures in published data sets, in lower case."""
_LITTER = frozenset({"thumbs.db", "desktop.ini", "__macosx"})
"""What operating systems leave behind; names that begin with a dot are left out too."""


@dataclass(frozen=True)
class Listing:
    """What a folder holds."""

    files: tuple[Path, ...]
    """In natural order."""
    empty: tuple[Path, ...]
    """Files of no bytes that have a suffix we look for."""
    ignored: int
    """Files of other kinds, without what operating systems leave behind."""


def natural(text: str) -> tuple[tuple[int, int, str], ...]:
    """Return a sort key under which "2" comes before "10"; letters count in lower case."""
    parts = re.findall(r"\d+|\D+", text.lower())
    # `isdecimal`: what \d finds is a decimal digit of any script, and int() reads them all.
    return tuple((0, int(p), p) if p.isdecimal() else (1, 0, p) for p in parts)


def is_litter(path: Path) -> bool:
    """Tell whether an operating system put this file or folder there, or it is hidden."""
    return path.name.startswith(".") or path.name.lower() in _LITTER


def folders(root: Path) -> list[Path]:
    """Return the folders directly inside `root`, in natural order; none if it is no folder."""
    if not root.is_dir():
        return []
    found = (path for path in root.iterdir() if path.is_dir() and not is_litter(path))
    return sorted(found, key=lambda path: natural(path.name))


def find_folders(root: Path, pattern: str) -> list[Path]:
    """Return the folders at "a/b" below `root`, whatever their case; "*" is any one folder."""
    here = [root] if root.is_dir() else []
    for step in (part for part in pattern.split("/") if part not in ("", ".")):
        here = [
            child
            for folder in here
            for child in folders(folder)
            if step == "*" or child.name.lower() == step.lower()
        ]
    return here


def list_files(root: Path, *, suffixes: Container[str] = PICTURES) -> Listing:
    """List the files below `root` that have one of `suffixes`; none if it is no folder."""
    files: list[Path] = []
    empty: list[Path] = []
    ignored = 0
    waiting = [root]
    seen = {_identity(root)} if root.is_dir() else set[tuple[int, int]]()
    while waiting:
        folder = waiting.pop()
        for path in folder.iterdir() if folder.is_dir() else ():
            if is_litter(path):
                continue
            if path.is_dir():
                # Data sets are often linked together; a link that leads back must not loop.
                if (identity := _identity(path)) not in seen:
                    seen.add(identity)
                    waiting.append(path)
            elif path.suffix.lower() not in suffixes:
                ignored += 1
            elif path.is_file() and path.stat().st_size == 0:
                empty.append(path)
            else:
                files.append(path)  # a link that leads nowhere too: reading it will tell

    def order(path: Path) -> tuple[tuple[int, int, str], ...]:
        return natural(path.relative_to(root).as_posix())

    return Listing(tuple(sorted(files, key=order)), tuple(sorted(empty, key=order)), ignored)


def _identity(folder: Path) -> tuple[int, int]:
    about = folder.stat()
    return about.st_dev, about.st_ino
