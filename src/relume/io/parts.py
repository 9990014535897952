"""Temporary files beside what they will be: who is writing one holds a lock on it.

The system lets go of the lock however the process ends, `kill -9` too, so that what was left can be
told from what is being written (`runs/left.py` removes it). The lock belongs to the file and not to
its name, which somebody who clears up may have taken before it was locked: then another is made.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import BinaryIO

NAME = re.compile(r"\.relume-[0-9a-f]{16}\.part")
_TRIES = 8


def begun(folder: Path) -> tuple[Path, BinaryIO, int | None]:
    """Make a temporary file; return it, a stream into it, and what holds it beyond the stream's
    end, None where there are no locks. Raises: OSError."""
    for _ in range(_TRIES):
        # A short name of its own: the target's may already be as long as names can be.
        part = folder / f".relume-{os.urandom(8).hex()}.part"
        stream = part.open("xb")
        held = _held(stream)
        if held is None or is_named(part, stream):
            return part, stream, held
        stream.close()
        os.close(held)
    raise OSError(f"{folder}: temporary files vanish there")


def take_away(part: Path, *, untouched_since: float) -> bool:
    """Remove a temporary file that nobody holds and nobody has written to since; return whether it
    was. Where there are no locks, none is."""
    try:
        import fcntl

        with part.open("r+b") as stream:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # While it is locked: whoever has just made it finds it gone, and makes another.
            if not is_named(part, stream) or part.stat().st_mtime > untouched_since:
                return False
            part.unlink()
            return True
    except (ImportError, OSError):
        return False


def _held(stream: BinaryIO) -> int | None:
    try:
        import fcntl

        fcntl.flock(stream, fcntl.LOCK_EX)  # who clears up may have it for a moment
        return os.dup(stream.fileno())
    except (ImportError, OSError):
        return None


def is_named(file: Path, stream: BinaryIO) -> bool:
    """Tell whether a name still means the file that was opened by it."""
    try:
        return os.path.samestat(file.stat(), os.fstat(stream.fileno()))
    except OSError:
        return False
