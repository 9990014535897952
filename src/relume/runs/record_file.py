"""The file of a record: made, opened, or only read; and what SQLite says of it, in our words."""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote

from relume.errors import UnreadableError, UnwritableError
from relume.io.atomic import is_special
from relume.runs.file_systems import is_shared_by_machines
from relume.runs.tables import ADDED, SCHEMA

PATIENCE = 60.0
"""Seconds to wait for another process to finish its transaction."""
_SHORT = 2.0
"""Seconds to wait where nothing may be written: SQLite takes an index it may not make for one that
somebody else is making."""
_MADE_BY = 0x72656C75
"""What SQLite's application_id says of our files: "relu"."""
_VERSION = 1
_BESIDE = ("-wal", "-journal")
"""What a record may have beside it that belongs to its content."""


def opened(path: Path) -> sqlite3.Connection:
    """Open a record to write it, made if it is absent.

    Raises: UnwritableError; UnreadableError for a file that is no record.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UnwritableError(
            f"{path.parent}: this folder cannot be made: {error.strerror or error}; "
            "choose another -o or --manifest FILE"
        ) from error
    _refuse_what_is_no_file(path)
    with telling(path):
        base = _connected(str(path))
        is_new = not _is_ours(base, path)
        shared = is_shared_by_machines(path.parent)
        base.execute(f"PRAGMA journal_mode = {'DELETE' if shared else 'WAL'}")
        base.execute("PRAGMA synchronous = NORMAL")
        if is_new:
            _make(base)
        elif not has_places(base):
            base.execute(ADDED)
    return base


def only_read(path: Path) -> sqlite3.Connection:
    """Open a record where nothing may be written: a folder of a CD, of a backup, of somebody else.

    A journal written ahead is read only where its index is or can be made; else a copy is read.

    Raises: UnreadableError for a file that is no record.
    """
    address = f"file:{quote(str(path.absolute()))}?mode=ro"
    with telling(path):
        try:
            base = _connected(address, patience=_SHORT)
            _is_ours(base, path)
        except sqlite3.OperationalError:
            beside = [name for end in _BESIDE if (name := _beside(path, end)).exists()]
            whole = not any(name.stat().st_size for name in beside)
            base = _connected(f"{address}&immutable=1") if whole else _copied(path, beside)
            _is_ours(base, path)
        base.execute("PRAGMA query_only = ON")
    return base


def is_writable(path: Path) -> bool:
    """Tell whether a record and what SQLite puts beside it may be written."""
    return os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)


def has_places(base: sqlite3.Connection) -> bool:
    """Tell whether a record says where the results of its runs lie: the first ones did not."""
    return any(about[1] == "results" for about in base.execute("PRAGMA table_info(runs)"))


@contextmanager
def telling(path: Path) -> Generator[None]:
    """Say in a line what SQLite complains of. Raises: UnreadableError; UnwritableError."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        what = str(error)
        if "not a database" in what or "malformed" in what:
            raise UnreadableError(
                f"{path}: not a manifest, or damaged ({what}); name another --manifest, or take it "
                "away: results that are there are kept"
            ) from error
        wrong = UnwritableError(
            f"{path}: the manifest cannot be written: {what}; --manifest FILE puts it elsewhere"
        )
        if "full" in what:
            raise wrong from OSError(errno.ENOSPC, what)
        raise wrong from error


def _refuse_what_is_no_file(path: Path) -> None:
    way_out = "remove it, or put the record elsewhere with --manifest FILE"
    if path.is_symlink() and not path.exists():
        raise UnwritableError(
            f"{path}: a link to what is not there, and no record is begun through one; {way_out}"
        )
    if is_special(path):
        raise UnwritableError(f"{path}: a pipe or device, and a record is a file; {way_out}")


def _connected(name: str, *, patience: float = PATIENCE) -> sqlite3.Connection:
    return sqlite3.connect(
        name,
        timeout=patience,
        isolation_level=None,
        check_same_thread=False,
        uri=name.startswith("file:"),
    )


def _is_ours(base: sqlite3.Connection, path: Path) -> bool:
    """Tell a record from an empty file. Raises: UnreadableError for anything else."""
    found = base.execute("PRAGMA application_id").fetchone()[0]
    tables = base.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if tables and found != _MADE_BY:
        raise UnreadableError(f"{path}: not a manifest of relume; name another --manifest")
    if base.execute("PRAGMA user_version").fetchone()[0] > _VERSION:
        raise UnreadableError(f"{path}: written by a newer relume; update this one")
    return bool(tables)


def _make(base: sqlite3.Connection) -> None:
    # IMMEDIATE, and nothing that is there is made: another process may be doing the same.
    base.execute("BEGIN IMMEDIATE")
    for statement in SCHEMA.split(";"):
        base.execute(statement)
    base.execute(f"PRAGMA application_id = {_MADE_BY}")
    base.execute(f"PRAGMA user_version = {_VERSION}")
    base.execute("COMMIT")


def _beside(path: Path, end: str) -> Path:
    return path.with_name(path.name + end)


def _copied(path: Path, beside: list[Path]) -> sqlite3.Connection:
    """Return a base of SQLite's own, gone when it is closed, with all that a record holds."""
    base = _connected("")
    with TemporaryDirectory() as folder:
        for file in (path, *beside):
            shutil.copyfile(file, Path(folder, file.name))
        with closing(_connected(str(Path(folder, path.name)))) as copy:
            copy.backup(base)
    return base
