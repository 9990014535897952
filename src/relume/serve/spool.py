"""Bytes on their way between processes: an unnamed file in memory that is handed over open.

It has no name that an upload could choose, is gone with its last holder whatever happens to it,
and a worker that is killed while it writes leaves nothing behind.
"""

from __future__ import annotations

import os
import tempfile
from typing import Self

STEP = 256 * 1024


class Spool:
    """A growing run of bytes in a file without a name."""

    def __init__(self) -> None:
        if hasattr(os, "memfd_create"):
            self.descriptor = os.memfd_create("relume", os.MFD_CLOEXEC)
        else:  # macOS: an unlinked file in the temporary folder
            with tempfile.TemporaryFile() as unnamed:
                self.descriptor = os.dup(unnamed.fileno())
        self._open = True

    def append(self, piece: bytes | memoryview) -> None:
        """Write all of `piece` at the end."""
        rest = memoryview(piece)
        while rest.nbytes:
            rest = rest[os.write(self.descriptor, rest) :]

    @property
    def size(self) -> int:
        """How many bytes it holds."""
        return os.fstat(self.descriptor).st_size

    def read(self, start: int, length: int = STEP) -> bytes:
        """Return up to `length` bytes from `start`."""
        return os.pread(self.descriptor, length, start)

    @property
    def was_opened(self) -> bool:
        """Whether a worker has called `opened` on it, even one that was killed since."""
        return os.lseek(self.descriptor, 0, os.SEEK_CUR) < self.size

    def close(self) -> None:
        """Let go of the bytes; closing again does nothing."""
        if self._open:
            self._open = False
            os.close(self.descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def opened(descriptor: int) -> None:
    """Leave a sign that a file of another process was opened: its position, which both share."""
    os.lseek(descriptor, 0, os.SEEK_SET)
