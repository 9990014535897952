"""Whether a run is still at work: it holds a lock on a file of its own.

The system lets go of the lock however the run ends, `kill -9` too. Where there are no such locks
nobody is known to be at work, and two runs may make a picture twice, each time whole.

A lock belongs to the file and not to its name, and between opening and locking the name may have
been given to another file or to none. So whoever has locked looks whether the name still means
what was locked, and begins again if not; and only who alone holds a file removes its name.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from time import sleep
from typing import BinaryIO

from relume.io.parts import is_named

HOLDING = 2000
"""Times that a lock is tried by whoever wants it: others who only look may have it for a moment."""
LOOKING = 20
"""Times that a lock is tried by whoever looks: what was left may be removed at this moment."""
_PAUSE = 0.001
"""Seconds between two tries."""


def lock_of(manifest: Path, run: int) -> Path:
    """Return the file that a run holds, by its record and its number there."""
    return manifest.with_name(f"{manifest.name}.{run}.lock")


def hold(file: Path) -> BinaryIO | None:
    """Hold a file until it is closed or the process ends; return None where that cannot be."""
    try:
        import fcntl
    except ImportError:
        return None
    for _ in range(HOLDING):
        try:
            stream = file.open("wb")
        except OSError:
            return None
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if is_named(file, stream):
                return stream
        except BlockingIOError:
            sleep(_PAUSE)
        except OSError:
            stream.close()
            return None
        stream.close()
    return None


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
    except ImportError:
        return False
    for _ in range(LOOKING):
        try:
            with file.open("rb") as stream:
                fcntl.flock(stream, fcntl.LOCK_SH | fcntl.LOCK_NB)
                if is_named(file, stream):
                    # Two may look at once and have it both: alone, or it stays for another time.
                    with suppress(OSError):
                        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
                        if is_named(file, stream):
                            file.unlink()
                    return False
        except BlockingIOError:
            sleep(_PAUSE)
        except OSError:
            return False
    return True
