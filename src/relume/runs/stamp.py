"""What tells, without reading it, that a file is the one it was; and what tells when reading it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from hashlib import file_digest
from pathlib import Path
from stat import S_ISREG

from relume.io.atomic import is_special


@dataclass(frozen=True)
class Stamp:
    """Size and a mark that changes with the content: the time of the last change, or an ETag."""

    size: int
    mark: str


def stamp(path: Path) -> Stamp | None:
    """Return the stamp of a file, or None when there is none; a folder is none."""
    try:
        about = os.stat(path)  # noqa: PTH116 (a path's own stat takes twice as long)
    except (OSError, ValueError):  # ValueError: a name with a null byte
        return None
    if not S_ISREG(about.st_mode):
        return None
    return Stamp(about.st_size, str(about.st_mtime_ns))


def digest(path: Path) -> str | None:
    """Return the sha256 of a file's content, or None when it cannot be read; a pipe's, never."""
    if is_special(path):
        return None
    try:
        with path.open("rb") as stream:
            return file_digest(stream, "sha256").hexdigest()
    except OSError:
        return None
