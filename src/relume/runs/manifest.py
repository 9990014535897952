"""The record of a run on disk: which picture was made from what, with which settings, how it ended.

One SQLite file, by default OUT/.relume/run.sqlite. A row is written when a picture is begun and
again when it has ended, each in a transaction of its own, so that a process that is killed leaves
a record that says what it was doing. Several processes may write at the same time.

The journal is written ahead (WAL) where the file system is of this machine. WAL keeps its index in
shared memory, which other machines do not see, so on a network file system the file has SQLite's
rollback journal, whose locks such file systems know. https://sqlite.org/wal.html
"""

from __future__ import annotations

import errno
import json
import sqlite3
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from time import time
from typing import Any, BinaryIO, Literal, Self, cast

from relume.errors import UnreadableError, UnwritableError
from relume.runs.at_work import hold, is_held, let_go, lock_of
from relume.runs.file_systems import is_shared_by_machines
from relume.runs.keys import Keys
from relume.runs.rows import Begun, Ending, Row, RunRow, Settled, State, as_row, halves, kept, named
from relume.runs.stamp import Stamp
from relume.runs.tables import BEGIN, COLUMNS, END, SCHEMA

PATIENCE = 60.0
"""Seconds to wait for another process to finish its transaction."""
_MADE_BY = 0x72656C75
"""What SQLite's application_id says of our files: "relu"."""
_VERSION = 1


class Manifest:
    """An open manifest; safe to use from several threads."""

    def __init__(self, path: Path, *, root: Path) -> None:
        """Open it, making it if it is absent. Keys of what lies inside are relative to `root`.

        Raises: UnwritableError; UnreadableError for a file that is no manifest.
        """
        self.path = path
        self._shown = root
        self._keys = Keys(root)
        self._lock = Lock()
        self._settings = self._run = 0
        self._held: BinaryIO | None = None
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UnwritableError(
                f"{path.parent}: this folder cannot be made: {error.strerror or error}; "
                "choose another -o or --manifest FILE"
            ) from error
        with self._telling():
            self._base = sqlite3.connect(
                path, timeout=PATIENCE, isolation_level=None, check_same_thread=False
            )
            found = self._base.execute("PRAGMA application_id").fetchone()[0]
            tables = self._base.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
            if tables and found != _MADE_BY:
                raise UnreadableError(f"{path}: not a manifest of relume; name another --manifest")
            shared = is_shared_by_machines(path.parent)
            self._base.execute(f"PRAGMA journal_mode = {'DELETE' if shared else 'WAL'}")
            self._base.execute("PRAGMA synchronous = NORMAL")
            if not tables:
                with self._transaction():
                    for statement in SCHEMA.split(";"):
                        self._base.execute(statement)
                    self._base.execute(f"PRAGMA application_id = {_MADE_BY}")
                    self._base.execute(f"PRAGMA user_version = {_VERSION}")
            version = self._base.execute("PRAGMA user_version").fetchone()[0]
            if version > _VERSION:
                raise UnreadableError(f"{path}: written by a newer relume; update this one")

    @classmethod
    def there(cls, path: Path, *, root: Path) -> Self:
        """Open a manifest that must exist. Raises: UnreadableError."""
        if not path.is_file():
            raise UnreadableError(
                f"{path}: no manifest there; `relume enhance … -o DIR` writes one"
            )
        return cls(path, root=root)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Note the end of the run, if one was opened, and let go of the file."""
        with self._lock:
            if self._run:
                with self._telling():
                    self._base.execute(
                        "UPDATE runs SET ended = ? WHERE id = ?", (time(), self._run)
                    )
            self._base.close()
            let_go(lock_of(self.path, self._run), self._held)

    def open_run(self, settings: str, *, command: Sequence[str]) -> None:
        """Say with which settings, and by which command, pictures are made from now on."""
        with self._writing():
            self._settings = self._settings_id(settings)
            self._run = self._insert(
                "INSERT INTO runs (began, settings, command, folder) VALUES (?, ?, ?, ?)",
                (time(), self._settings, json.dumps(list(command)), kept(str(Path.cwd()))),
            )
            let_go(lock_of(self.path, self._run), self._held)
            self._held = hold(lock_of(self.path, self._run))

    @property
    def run(self) -> int:
        """The number of the run that was opened; 0 if none was."""
        return self._run

    def place(self, row: Row) -> str:
        """Return where the output of a row is, a path or an address."""
        return row.output if "://" in row.output else str(self._shown / row.output)

    def row(self, output: Path | str) -> Row | None:
        """Return what is known of an output."""
        query = f"SELECT {COLUMNS} FROM pictures JOIN settings s ON s.id = settings WHERE output=?"
        with self._lock, self._telling():
            found = self._base.execute(query, (self._keys.of(output),)).fetchone()
        return None if found is None else as_row(found)

    def settled(self, outputs: Sequence[str], settings: str) -> list[Settled | None]:
        """Return what is known of each output that is done with these settings, else None."""
        keys = self._keys.of_all(outputs)
        select = (
            "SELECT output, input, input_size, input_mark, output_size, output_mark FROM pictures "
            "WHERE state = 'done' AND settings = (SELECT id FROM settings WHERE text = ?) AND "
        )
        # What is asked for together mostly lies together: one run over all in between takes half
        # as long as to look each up, unless there are many others.
        between = (settings, min(keys, default=""), max(keys, default=""))
        most = 2 * len(keys)
        each = f"{select} output IN ({', '.join('?' * len(keys))})"
        with self._lock, self._telling():
            found = self._base.execute(
                f"{select} output BETWEEN ? AND ? LIMIT {most + 1}", between
            ).fetchall()
            if len(found) > most:
                found = self._base.execute(each, (settings, *keys)).fetchall()
        if [row[0] for row in found] == keys:  # mostly all are known, and in this order
            return found
        known: dict[str, Settled] = {row[0]: row for row in found}
        return [known.get(key) for key in keys]

    def rows(self, *states: State) -> Iterator[Row]:
        """Yield the rows in these states, or all, ordered by output."""
        marks = ", ".join("?" * len(states))
        where = f"WHERE state IN ({marks})" if states else ""
        query = (
            f"SELECT {COLUMNS} FROM pictures JOIN settings s ON s.id = settings {where} "
            "AND output > ? ORDER BY output LIMIT 1000"
        ).replace("AND", "AND" if states else "WHERE", 1)
        last = ""
        while True:  # in pages, so that no transaction stays open while somebody else writes
            with self._lock, self._telling():
                page = self._base.execute(query, (*states, last)).fetchall()
            yield from map(as_row, page)
            if not page:
                return
            last = page[-1][0]

    def runs(self) -> list[RunRow]:
        """Return all commands, oldest first."""
        query = (
            "SELECT r.id, began, ended, s.text, command, folder FROM runs r "
            "JOIN settings s ON s.id = r.settings ORDER BY r.id"
        )
        with self._lock, self._telling():
            found = self._base.execute(query).fetchall()
        return [
            RunRow(number, began, ended, text, tuple(json.loads(command)), named(folder))
            for number, began, ended, text, command, folder in found
        ]

    def counts(self) -> dict[State, int]:
        """Return how many pictures are in which state."""
        with self._lock, self._telling():
            found = self._base.execute("SELECT state, count(*) FROM pictures GROUP BY state")
            return dict(found.fetchall())

    def is_at_work(self, row: Row) -> bool:
        """Tell whether another run, which has not ended, has begun a picture."""
        is_ours = row.state != "begun" or row.run == self._run
        return not is_ours and is_held(lock_of(self.path, row.run))

    def claim(self, begun: Begun, *, seen: tuple[int, State] | None) -> bool:
        """Note that a picture is begun, unless its row is no more what was seen of it: the number
        of its run and its state. Then another run was faster; return whether it was noted."""
        with self._writing():
            query = "SELECT run, state FROM pictures WHERE output = ?"
            found = self._base.execute(query, (self._keys.of(begun[0]),)).fetchone()
            if found != seen and found is not None:
                return False
            self._begin([begun])
        return True

    def begin_all(self, begun: Iterable[Begun]) -> None:
        """Note that pictures are begun: output, input, the input's stamp, what lay there before."""
        with self._writing():
            self._begin(begun)

    def _begin(self, begun: Iterable[Begun]) -> None:
        now = (self._settings, self._run, time())
        rows = (
            (self._keys.of(output), kept(input), *halves(stamp), *halves(before), *now)
            for output, input, stamp, before in begun
        )
        self._base.executemany(BEGIN, rows)

    def end(self, output: Path | str, ending: Ending) -> None:
        """Note how a picture that was begun has ended."""
        with self._writing():
            self._base.execute(
                END,
                (
                    *(ending.state, ending.input_hash, *halves(ending.output_stamp)),
                    *(ending.output_hash, ending.method, ending.seconds),
                    None if ending.error is None else kept(ending.error),
                    *(time(), self._keys.of(output)),
                ),
            )

    def restamp(self, output: Path, *, input: Stamp | None, result: Stamp | None) -> None:
        """Note new stamps of files whose content is what it was."""
        with self._writing():
            self._base.execute(
                "UPDATE pictures SET input_size = ?, input_mark = ?, output_size = ?, "
                "output_mark = ? WHERE output = ?",
                (*halves(input), *halves(result), self._keys.of(output)),
            )

    def forget(self, output: Path | str) -> None:
        """Drop the row of a picture that was begun and turned out not to be ours."""
        with self._writing():
            self._base.execute("DELETE FROM pictures WHERE output = ?", (self._keys.of(output),))

    def mark(self, rows: Iterable[Row], state: Literal["done", "damaged", "again"]) -> None:
        """Put these pictures into another state."""
        keys = [(state, kept(row.output)) for row in rows]
        with self._writing():
            self._base.executemany("UPDATE pictures SET state = ? WHERE output = ?", keys)

    def take_over(self, other: Path) -> int:
        """Take over another manifest's runs, and its rows where they are newer; return how many.

        Raises: UnreadableError for a file that is no manifest.
        """
        with Manifest.there(other, root=self._shown) as source:
            runs = source.runs()
        with self._lock, self._telling():
            self._base.execute("ATTACH ? AS other", (str(other),))
            try:
                with self._transaction():
                    return sum(self._copied(run) for run in runs)
            finally:
                self._base.execute("DETACH other")

    def _copied(self, run: RunRow) -> int:
        """Copy a run of the attached manifest and its rows; return how many were newer."""
        settings, command = self._settings_id(run.settings), json.dumps(list(run.command))
        same = self._base.execute(
            "SELECT id FROM main.runs WHERE began = ? AND command = ?", (run.began, command)
        ).fetchone()
        number = (
            same[0]
            if same
            else self._insert(
                "INSERT INTO main.runs (began, ended, settings, command, folder) "
                "VALUES (?, ?, ?, ?, ?)",
                (run.began, run.ended, settings, command, kept(run.folder)),
            )
        )
        columns = (
            "output, input, input_size, input_mark, input_hash, state, before_size, before_mark, "
            "output_size, output_mark, output_hash, method, seconds, error, at"
        )
        return self._base.execute(
            f"INSERT OR REPLACE INTO main.pictures ({columns}, settings, run) "
            f"SELECT {columns}, ?, ? FROM other.pictures o WHERE run = ? AND NOT EXISTS "
            "(SELECT 1 FROM main.pictures p WHERE p.output = o.output AND p.at >= o.at)",
            (settings, number, run.id),
        ).rowcount

    def _settings_id(self, text: str) -> int:
        self._base.execute("INSERT OR IGNORE INTO main.settings (text) VALUES (?)", (text,))
        found = self._base.execute(
            "SELECT id FROM main.settings WHERE text = ?", (text,)
        ).fetchone()
        return int(found[0])

    def _insert(self, statement: str, values: tuple[Any, ...]) -> int:
        return cast(int, self._base.execute(statement, values).lastrowid)

    @contextmanager
    def _writing(self) -> Generator[None]:
        with self._lock, self._telling(), self._transaction():
            yield

    @contextmanager
    def _transaction(self) -> Generator[None]:
        # IMMEDIATE: a transaction that reads first and then writes fails at once beside another
        # writer, however long it would have been willing to wait.
        self._base.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._base.execute("ROLLBACK")
            raise
        self._base.execute("COMMIT")

    @contextmanager
    def _telling(self) -> Generator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            what = str(error)
            if "not a database" in what or "malformed" in what:
                raise UnreadableError(
                    f"{self.path}: not a manifest, or damaged ({what}); name another --manifest"
                ) from error
            wrong = UnwritableError(
                f"{self.path}: the manifest cannot be written: {what}; --manifest FILE puts it "
                "elsewhere"
            )
            if "full" in what:
                raise wrong from OSError(errno.ENOSPC, what)
            raise wrong from error
