"""What LibRaw prints instead of raising: caught, so that it is neither shown nor lost.

LibRaw and libjpeg inside it write to the file descriptor of standard error from C. It belongs to
the whole process, so one thread at a time borrows it, and lines of others are passed on.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from threading import Lock

_STDERR = 2
_borrowing = Lock()
_CUT_OFF = re.compile(rb"Unexpected end of file|Premature end of JPEG")
_CORRUPT = re.compile(rb"data corrupted at|Corrupt JPEG data|[Bb]ogus|Unsupported JPEG")


@dataclass
class Messages:
    """What was printed, known when the block has ended."""

    is_cut_off: bool = False
    is_corrupt: bool = False


@contextmanager
def caught() -> Generator[Messages]:
    """Catch what C code prints to standard error in this block."""
    messages = Messages()
    with _borrowing, tempfile.TemporaryFile() as place:
        with suppress(OSError, ValueError, AttributeError):  # a program without standard error
            sys.stderr.flush()
        try:
            saved = os.dup(_STDERR)
        except OSError:
            yield messages
            return
        os.dup2(place.fileno(), _STDERR)
        try:
            yield messages
        finally:
            with suppress(OSError, ValueError, AttributeError):
                sys.stderr.flush()
            os.dup2(saved, _STDERR)
            os.close(saved)
            place.seek(0)
            _sort(place.read(), messages)


def _sort(printed: bytes, messages: Messages) -> None:
    for line in printed.splitlines(keepends=True):
        if _CUT_OFF.search(line):
            messages.is_cut_off = True
        elif _CORRUPT.search(line):
            messages.is_corrupt = True
        else:
            os.write(_STDERR, line)
