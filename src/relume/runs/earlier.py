"""Results of earlier runs inside a tree: by the record in the folder they were written to."""

from __future__ import annotations

import sqlite3
from collections.abc import Generator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

from relume.runs.manifest_files import manifest_of, shards_of


class Results:
    """Tells what runs wrote into a folder; a record that cannot be read tells nothing."""

    def __init__(self, folder: Path, bases: list[sqlite3.Connection]) -> None:
        self._folder = folder
        self._bases = bases

    def hold(self, path: Path) -> bool:
        """Tell whether a file below the folder is a result."""
        key = path.relative_to(self._folder).as_posix()
        return any(_knows(base, key) for base in self._bases)


@contextmanager
def results_in(folder: Path) -> Generator[Results | None]:
    """Open the records of a folder for reading alone; None where it has none."""
    bases: list[sqlite3.Connection] = []
    try:
        for path in (manifest_of(folder), *shards_of(folder)):
            if path.is_file():
                with suppress(sqlite3.Error):
                    address = f"file:{quote(str(path.absolute()))}?mode=ro"
                    bases.append(sqlite3.connect(address, uri=True))
        yield Results(folder, bases) if bases else None
    finally:
        for base in bases:
            base.close()


def _knows(base: sqlite3.Connection, key: str) -> bool:
    try:
        with closing(base.execute("SELECT 1 FROM pictures WHERE output = ?", (key,))) as found:
            return found.fetchone() is not None
    except sqlite3.Error:
        return False
