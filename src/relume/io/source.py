"""Bytes from a path, a stream or memory, within a limit."""

from __future__ import annotations

import os
import stat
from os import PathLike
from pathlib import Path
from typing import BinaryIO, TypeAlias

from relume.errors import TooLargeError, UnreadableError

Source: TypeAlias = str | PathLike[str] | bytes | bytearray | memoryview | BinaryIO


MAX_BYTES = 500_000_000
"""Default limit of a file."""


def name_of(source: Source) -> str:
    """Return what to call a source in a message."""
    if isinstance(source, str | PathLike):
        return os.fspath(source)
    if isinstance(source, bytes | bytearray | memoryview):
        return "the given data"
    named = getattr(source, "name", None)
    return named if isinstance(named, str) else "the stream"


def load(source: Source, *, max_bytes: int) -> bytes:
    """Return all bytes of a source.

    Raises: UnreadableError; TooLargeError before more than `max_bytes` are read.
    """
    name = name_of(source)
    if isinstance(source, bytes | bytearray | memoryview):
        if memoryview(source).nbytes > max_bytes:
            raise _too_large(name, str(memoryview(source).nbytes), max_bytes)
        data = bytes(source)
    elif isinstance(source, str | PathLike):
        try:
            data = _load_file(Path(source), max_bytes, name)
        except FileNotFoundError as error:
            raise UnreadableError(f"{name}: no such file") from error
        except PermissionError as error:
            raise UnreadableError(f"{name}: no permission to read it") from error
        except (TooLargeError, UnreadableError):
            raise
        except (OSError, ValueError) as error:  # ValueError: a path with a null byte
            reason = getattr(error, "strerror", None) or str(error)
            raise UnreadableError(f"{name}: cannot be read: {reason.lower()}") from error
    else:
        data = source.read(max_bytes + 1)
    if len(data) > max_bytes:
        raise _too_large(name, f"more than {max_bytes}", max_bytes)
    return data


def beginning(path: str | PathLike[str], size: int) -> bytes:
    """Return the first bytes of a file; none of one that cannot be read."""
    try:
        with Path(path).open("rb") as stream:
            return stream.read(size)
    except OSError:
        return b""


def _load_file(path: Path, max_bytes: int, name: str) -> bytes:
    with path.open("rb") as stream:
        about = os.fstat(stream.fileno())
        if stat.S_ISREG(about.st_mode) and about.st_size > max_bytes:
            raise _too_large(name, str(about.st_size), max_bytes)
        data = stream.read(max_bytes + 1)
        after = os.fstat(stream.fileno())
        same = (about.st_size, about.st_mtime_ns) == (after.st_size, after.st_mtime_ns)
        if stat.S_ISREG(about.st_mode) and not (same and len(data) == about.st_size):
            raise UnreadableError(f"{name}: changed while it was read; try again when it is whole")
        return data


def _too_large(name: str, size: str, max_bytes: int) -> TooLargeError:
    return TooLargeError(
        f"{name}: {size} bytes, the limit is {max_bytes}; raise it with --max-bytes (max_bytes=)"
    )
