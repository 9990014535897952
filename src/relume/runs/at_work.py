"""Whether a run is still at work: it holds a lock on a file of its own.

The system lets go of the lock however the run ends, `kill -9` too. Where there are no such locks
nobody is known to be at work, and two runs may make a picture twice, each time whole.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import BinaryIO


def lock_of(manifest: Path, run: int) -> Path:
    """Return the file that a run holds, by its record and its number there."""
    return manifest.with_name(f"{manifest.name}.{run}.lock")


def hold(file: Path) -> BinaryIO | None:
    """Hold a file until it is closed or the process ends; return None where that cannot be."""
    try:
        import fcntl

        stream = file.open("wb")
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (ImportError, OSError):
        return None
    return stream


def let_go(file: Path, held: BinaryIO | None) -> None:
    """Give up a file and remove it."""
    if held is not None:
        with suppress(OSError):
            file.unlink()
        held.close()


def is_held(file: Path) -> bool:
    """Tell whether a process holds a file; what a process that was killed left is removed."""
    try:
        import fcntl

        with file.open("rb") as stream:
            fcntl.flock(stream, fcntl.LOCK_SH | fcntl.LOCK_NB)
            file.unlink()
    except BlockingIOError:
        return True
    except (ImportError, OSError):
        return False
    return False
