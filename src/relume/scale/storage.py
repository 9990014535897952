"""Files and objects, read whole and put whole: folders of this machine, and what fsspec reaches.

Pictures are encoded in memory and put in one request. A stream that is written into an object
store and left by an exception stores the half that was written, so none is ever opened.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from hashlib import sha256
from operator import attrgetter
from pathlib import Path
from typing import Any, Protocol, TypeAlias, TypeVar

from relume.errors import RelumeError, TooLargeError, UnreadableError, UnwritableError
from relume.extras import need
from relume.io.atomic import is_special, refuse_link, replacing
from relume.io.source import load as load_file
from relume.runs import stamp as local
from relume.runs.stamp import Stamp

ONE_REQUEST = 100 * 2**20
"""Bytes over which s3fs sends an object in parts; they appear together all the same."""
TRIES = 5
"""Requests to a store that fails or is slow, with growing pauses between them."""
PAUSE = 0.2
"""Seconds before the second try; each later pause is twice as long."""
MOST_BYTES = 5 * 10**9
"""No store takes more in one request."""
_FINAL = (FileNotFoundError, FileExistsError, PermissionError, IsADirectoryError, RelumeError)

Answer = TypeVar("Answer")
Entry: TypeAlias = tuple[str, Stamp | None]
"""A file's name inside its folder, and its stamp where the listing tells it."""
Tell: TypeAlias = Callable[[UnreadableError], object]


class Storage(Protocol):
    """Where pictures come from or go to. Names are paths or addresses as a user writes them."""

    def folders(self, root: str, tell: Tell) -> Iterator[tuple[str, list[Entry]]]:
        """Yield a folder and all folders inside it, each with its files, in order. A folder that
        cannot be listed is told and left out."""
        ...

    def is_folder(self, name: str) -> bool:
        """Raises: UnreadableError for a store that does not answer."""
        ...

    def stamp(self, name: str) -> Stamp | None:
        """Return the stamp of a file, None if there is none.

        Raises: UnreadableError for a store that does not answer.
        """
        ...

    def load(self, name: str, *, max_bytes: int) -> bytes:
        """Raises: UnreadableError; TooLargeError."""
        ...

    def put(self, name: str, data: bytes, *, creates: bool) -> Stamp | None:
        """Store a file whole or not at all. Raises: UnwritableError; FileExistsError where it
        was to be created and is there."""
        ...


def is_address(name: str) -> bool:
    """Tell an address of a store, as s3://bucket/key, from a path."""
    scheme, sign, _ = name.partition("://")
    return bool(sign) and scheme.isalnum()


def storage_of(name: str) -> Storage:
    """Return what a name is looked up in. Raises: MissingExtraError."""
    if not is_address(name):
        return Folders()
    return Objects(name.partition("://")[0])


class Folders:
    """Files of this machine, or of a file system that all machines share."""

    def folders(self, root: str, tell: Tell) -> Iterator[tuple[str, list[Entry]]]:
        rest = [root]
        while rest:
            folder = rest.pop()
            try:
                listed = _entries(folder)
            except UnreadableError as error:
                tell(error)
                continue
            files: list[Entry] = []
            inside: list[str] = []
            for entry in listed:
                # Links to folders are not followed: they may lead in circles or out of the tree.
                if entry.is_dir(follow_symlinks=False):
                    if not entry.name.startswith("."):
                        inside.append(entry.path)
                elif _may_be_file(entry):
                    files.append((entry.name, None))
            yield folder, files
            rest.extend(reversed(inside))

    def is_folder(self, name: str) -> bool:
        return Path(name).is_dir()

    def stamp(self, name: str) -> Stamp | None:
        return local.stamp(Path(name))

    def load(self, name: str, *, max_bytes: int) -> bytes:
        if is_special(name):
            raise UnreadableError(f"{name}: is neither a file nor a folder")
        return load_file(name, max_bytes=max_bytes)

    def put(self, name: str, data: bytes, *, creates: bool) -> Stamp | None:
        target = Path(name)
        refuse_link(target)
        if creates and os.path.exists(target):  # noqa: PTH110 (no error for a name that is too long)
            raise FileExistsError(name)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UnwritableError(f"{target.parent}: this folder cannot be made") from error
        with replacing(target) as stream:
            stream.write(data)
        return local.stamp(target)


def _entries(folder: str) -> list[os.DirEntry[str]]:
    """Return what a folder holds, by name. Raises: UnreadableError."""
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=attrgetter("name"))
    except OSError as error:
        raise UnreadableError(f"{folder}: this folder cannot be read: {error.strerror}") from error


def _may_be_file(entry: os.DirEntry[str]) -> bool:
    """Tell whether an entry is a file, or cannot be, of which whoever reads it tells."""
    try:
        return entry.is_file() or is_special(entry.path)
    except OSError:  # a link in a circle
        return True


@dataclass(frozen=True)
class Objects:
    """Objects of a store, through the fsspec file system of its scheme.

    The store's own settings (keys, endpoints) come from its environment variables and files.
    """

    scheme: str

    @cached_property
    def _system(self) -> Any:
        fsspec = need("fsspec", extra="scale")
        try:
            # Listings are not kept: they would grow with the store and go stale.
            system = fsspec.filesystem(self.scheme, use_listings_cache=False)
        except (ImportError, ValueError) as error:
            raise UnreadableError(f"{self.scheme}://: {error}") from error
        return system

    def folders(self, root: str, tell: Tell) -> Iterator[tuple[str, list[Entry]]]:
        rest = [self._key(root)]
        while rest:
            folder = rest.pop()
            name = f"{self.scheme}://{folder.lstrip('/')}"
            try:
                found = patiently(partial(self._system.ls, folder, detail=True))
            except OSError as error:
                tell(UnreadableError(f"{name}: cannot be listed: {_why(error)}"))
                continue
            start = folder.rstrip("/") + "/"
            files: list[Entry] = []
            inside: list[str] = []
            for about in sorted(found, key=lambda about: about["name"]):
                if about["type"] == "directory":
                    if about["name"].rstrip("/") != folder.rstrip("/"):
                        inside.append(about["name"])
                elif about["size"]:
                    files.append((about["name"].removeprefix(start), _stamp(about)))
            yield name, files
            rest.extend(reversed(inside))

    def is_folder(self, name: str) -> bool:
        try:
            return bool(patiently(lambda: self._system.isdir(self._key(name))))
        except OSError as error:
            raise _unlooked(name, error) from error

    def stamp(self, name: str) -> Stamp | None:
        try:
            return _stamp(patiently(lambda: self._system.info(self._key(name))))
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _unlooked(name, error) from error

    def check_target(self, name: str) -> None:
        """Raises: UnwritableError where an S3 store has no such bucket, or lets nothing be put
        there; others are told by a put."""
        if self.scheme not in ("s3", "s3a"):
            return
        bucket, _, prefix = self._key(name).partition("/")
        try:
            patiently(partial(self._system.call_s3, "head_bucket", Bucket=bucket))
        except FileNotFoundError as error:
            raise UnwritableError(
                f"{name}: the store has no bucket {bucket}; make it, or choose another -o"
            ) from error
        except OSError:  # who may put something need not be allowed to ask
            pass
        # An upload that is begun and given up asks for the same right as a put, and puts nothing.
        key = f"{prefix.rstrip('/')}/.relume".lstrip("/")
        about: dict[str, str] = {"Bucket": bucket, "Key": key}
        try:
            begun = patiently(partial(self._system.call_s3, "create_multipart_upload", **about))
            about["UploadId"] = begun["UploadId"]
            patiently(partial(self._system.call_s3, "abort_multipart_upload", **about))
        except PermissionError as error:
            if "UploadId" not in about:
                raise UnwritableError(
                    f"{name}: nothing may be put there: {_why(error)}; use other keys, or choose "
                    "another -o"
                ) from error
        except OSError:  # what may put something need not know of uploads
            pass

    def load(self, name: str, *, max_bytes: int) -> bytes:
        try:
            about = patiently(lambda: self._system.info(self._key(name)))
            if about["size"] > max_bytes:
                raise TooLargeError(
                    f"{name}: {about['size']} bytes, the limit is {max_bytes}; raise it with "
                    "--max-bytes (max_bytes=)"
                )
            return bytes(patiently(lambda: self._system.cat_file(self._key(name))))
        except RelumeError:
            raise
        except OSError as error:
            raise UnreadableError(f"{name}: cannot be read: {_why(error)}") from error

    def put(self, name: str, data: bytes, *, creates: bool) -> Stamp | None:
        mode = {"mode": "create"} if creates and self.scheme in ("s3", "s3a") else {}
        try:
            patiently(lambda: self._system.pipe_file(self._key(name), data, **mode))
        except FileExistsError:
            raise
        except OSError as error:
            raise UnwritableError(f"cannot write {name}: {_why(error)}") from error
        return self.stamp(name)

    def _key(self, name: str) -> str:
        return name.partition("://")[2]


def patiently(request: Callable[[], Answer], *, tries: int = TRIES) -> Answer:
    """Ask a store until it answers, a few times. Raises: what it said last."""
    for attempt in range(1, tries + 1):
        try:
            return request()
        except _FINAL:
            raise
        # Stores fail with exceptions of every library between here and there.
        except Exception as error:
            if attempt == tries:
                raise OSError(f"{_why(error)}, {attempt} times") from error
            time.sleep(PAUSE * 2 ** (attempt - 1))
    raise AssertionError  # never here: the last try returns or raises


def _unlooked(name: str, error: OSError) -> UnreadableError:
    return UnreadableError(f"{name}: cannot be looked at: {_why(error)}")


def digest(data: bytes) -> str:
    """Return the sha256 of data."""
    return sha256(data).hexdigest()


def content(name: str) -> str | None:
    """Return the sha256 of an object, read whole, or None where there is none."""
    storage = storage_of(name)
    if storage.stamp(name) is None:
        return None
    return digest(storage.load(name, max_bytes=MOST_BYTES))


def _stamp(about: Mapping[str, Any]) -> Stamp:
    """Return the stamp of an object by what its store tells of it."""
    marks = (about.get(name) for name in ("ETag", "etag", "md5Hash", "LastModified", "mtime"))
    mark = next((str(mark) for mark in marks if mark), "")
    return Stamp(int(about["size"]), mark)


def _why(error: BaseException) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
