"""The user's folder for what can be made again: compiled models, measurements, smaller weights."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from relume.errors import UnwritableError
from relume.io.atomic import replacing

MOST_BYTES = 256 * 2**20
"""What one shelf may hold; a compiled network is a few megabytes at most."""
_DIGEST = sha256().digest_size


def folder() -> Path:
    """Return where the cache is on this system, whether it exists or not."""
    if chosen := os.environ.get("XDG_CACHE_HOME"):
        return Path(chosen) / "relume"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "relume"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home()) / "relume" / "Cache"
    return Path.home() / ".cache" / "relume"


def private_folder(*parts: str) -> Path:
    """Return a folder of the cache, made for this user alone.

    Raises: UnwritableError when it cannot be made, or others may write to it.
    """
    place = folder().joinpath(*parts)
    try:
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        state = place.stat()
    except OSError as error:
        raise UnwritableError(f"{place}: {error.strerror or error}") from error
    # What lies here is run: somebody else's file must not get in.
    if hasattr(os, "getuid") and (state.st_uid != os.getuid() or state.st_mode & 0o022):
        raise UnwritableError(f"{place}: others may write to it; chmod 700 or remove it")
    return place


class Shelf:
    """Files by key in one folder of the cache: sealed by their sha256, the least used go first.

    A cache is never needed: what cannot be read or written counts as absent.
    """

    def __init__(self, name: str, *, most_bytes: int = MOST_BYTES) -> None:
        self._name = name
        self._most = most_bytes

    def take(self, key: str) -> bytes | None:
        """Return what was put there, or None when it is absent or damaged."""
        try:
            path = self._path(key)
            sealed = path.read_bytes()
            content = sealed[_DIGEST:]
            if sha256(content).digest() == sealed[:_DIGEST]:
                os.utime(path)
                return content
            path.unlink()
        except OSError:
            pass
        return None

    def drop(self, key: str) -> None:
        """Forget what was put there."""
        with suppress(OSError):
            self._path(key).unlink(missing_ok=True)

    def put(self, key: str, content: bytes) -> None:
        """Keep `content`, and drop the files that were not used for longest beyond the limit."""
        if len(content) > self._most:
            return
        with suppress(OSError):
            path = self._path(key)
            with replacing(path) as file:
                file.write(sha256(content).digest() + content)
            self._make_room(path.parent)

    def _path(self, key: str) -> Path:
        return private_folder(self._name) / sha256(key.encode()).hexdigest()

    def _make_room(self, place: Path) -> None:
        files = [(entry.stat(), entry) for entry in place.iterdir() if entry.is_file()]
        total = 0
        for state, path in sorted(files, key=lambda file: file[0].st_mtime_ns, reverse=True):
            total += state.st_size
            if total > self._most:
                path.unlink(missing_ok=True)
