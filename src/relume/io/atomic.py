"""Files that appear whole or not at all."""

from __future__ import annotations

import os
import stat
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex
from typing import BinaryIO

from relume.errors import UnwritableError


@contextmanager
def replacing(target: Path) -> Generator[BinaryIO]:
    """Open a temporary file beside `target` that takes its name when the block ends well.

    Whatever goes wrong, an interruption from the keyboard too, leaves no trace and an existing
    target as it was. A device or pipe is written to directly.

    Raises: UnwritableError when the place does not allow it.
    """
    try:
        # Through a link, so that the link stays and what it points to changes.
        place = Path(os.path.realpath(target))
        mode = place.stat().st_mode if place.exists() else None
        if mode is not None and stat.S_ISDIR(mode):
            raise UnwritableError(f"cannot write {target}: it is a directory; name a file in it")
        if mode is not None and not stat.S_ISREG(mode):
            with place.open("wb") as stream:
                yield stream
            return
        # A short name of its own: the target's may already be as long as names can be.
        part = place.with_name(f".relume-{token_hex(8)}.part")
        try:
            with part.open("xb") as stream:
                yield stream
            if mode is not None:
                part.chmod(stat.S_IMODE(mode))
            part.replace(place)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
    except UnwritableError:
        raise
    except OSError as error:
        reason = error.strerror or str(error)
        raise UnwritableError(f"cannot write {target}: {reason.lower()}") from error
