"""Files that appear whole or not at all."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from relume.errors import UnwritableError
from relume.io import parts


@contextmanager
def replacing(target: Path) -> Generator[BinaryIO]:
    """Open a temporary file beside `target` that takes its name when the block ends well.

    Whatever goes wrong, an interruption from the keyboard too, leaves no trace and an existing
    target as it was. What is replaced hands on its rights, and its owner and extended attributes
    where that is allowed. A device or pipe is written to directly.

    Raises: UnwritableError when the place does not allow it.
    """
    try:
        # Through a link, so that the link stays and what it points to changes.
        place = Path(os.path.realpath(target))
        before = place.stat() if place.exists() else None
        mode = before.st_mode if before is not None else None
        if mode is not None and stat.S_ISDIR(mode):
            raise UnwritableError(f"cannot write {target}: it is a directory; name a file in it")
        if mode is not None and not stat.S_ISREG(mode):
            with place.open("wb") as stream:
                yield stream
            return
        part, stream, held = parts.begun(place.parent)
        try:
            with stream:
                yield stream
            if before is not None:
                _hand_on(place, before, part)
            part.replace(place)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
        finally:
            if held is not None:
                os.close(held)
    except UnwritableError:
        raise
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        if error.errno == errno.ENAMETOOLONG:
            reason += "; choose a shorter one"
        raise UnwritableError(f"cannot write {target}: {reason}") from error


def refuse_link(target: Path) -> None:
    """Refuse to write where a symbolic link lies, as what it points to is not what was named; or a
    pipe or a device, at which a run would wait for good.

    Raises: UnwritableError.
    """
    if os.path.islink(target):  # noqa: PTH114 (a name that is too long is none, and told on writing)
        raise UnwritableError(
            f"cannot write {target}: a symbolic link lies there, and no result is written through "
            "one; remove it, or choose another -o"
        )
    if is_special(target):
        raise UnwritableError(
            f"cannot write {target}: a pipe or device lies there, and results are files; remove "
            "it, or choose another -o"
        )


def is_special(path: str | os.PathLike[str]) -> bool:
    """Tell what is neither a file nor a folder: to open a pipe may take for good."""
    try:
        mode = os.stat(path).st_mode  # noqa: PTH116 (a path's own stat takes twice as long)
    except (OSError, ValueError):  # ValueError: a name with a null byte
        return False
    return not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)


def _hand_on(old: Path, about: os.stat_result, new: Path) -> None:
    """Give a file what else belongs to the one whose name it takes."""
    if hasattr(os, "listxattr"):
        with suppress(OSError):  # there are none on this file system
            for name in os.listxattr(old):
                with suppress(OSError):  # some belong to the system
                    os.setxattr(new, name, os.getxattr(old, name))
    mine = new.stat()
    if hasattr(os, "chown") and (mine.st_uid, mine.st_gid) != (about.st_uid, about.st_gid):
        try:
            os.chown(new, about.st_uid, about.st_gid)
        except OSError:
            with suppress(OSError):  # only the group may be handed on, or neither
                os.chown(new, -1, about.st_gid)
    new.chmod(stat.S_IMODE(about.st_mode))  # last, as another owner takes rights away
