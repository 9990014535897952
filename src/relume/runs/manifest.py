"""The record of a run on disk: which picture was made from what, with which settings, how it ended.

One SQLite file, by default OUT/.relume/run.sqlite. A row is written when a picture is begun and
again when it has ended, each in a transaction of its own, so that a process that is killed leaves
a record that says what it was doing. Several processes may write at the same time.

The journal is written ahead (WAL) where the file system is of this machine. WAL keeps its index in
shared memory, which other machines do not see, so on a network file system the file has SQLite's
rollback journal, whose locks such file systems know. https://sqlite.org/wal.html
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from time import time
from typing import Any, BinaryIO, Literal, Self, cast

from relume.errors import UnreadableError
from relume.runs.at_work import hold, is_held, let_go, lock_of
from relume.runs.keys import Keys
from relume.runs.record_file import has_places, is_writable, only_read, opened, telling
from relume.runs.rows import (
    Begun,
    Ending,
    Row,
    RunRow,
    Settled,
    State,
    as_row,
    as_run,
    halves,
    kept,
    named,
)
from relume.runs.stamp import Stamp
from relume.runs.tables import BEGIN, COLUMNS, END, TAKE_OVER


class Manifest:
    """An open manifest; safe to use from several threads."""

    def __init__(
        self, path: Path, *, root: Path, open: Callable[[Path], sqlite3.Connection] = opened
    ) -> None:
        """Open it, making it if it is absent. Keys of what lies inside are relative to `root`.

        Raises: UnwritableError; UnreadableError for a file that is no manifest.
        """
        self.path = path
        self._shown = root
        self._keys = Keys(root)
        self._lock = Lock()
        self._settings = self._run = 0
        self._held: BinaryIO | None = None
        self._base = open(path)

    @classmethod
    def there(cls, path: Path, *, root: Path) -> Self:
        """Open a manifest that must exist, to read alone where nothing can be written.

        Raises: UnreadableError.
        """
        if not path.is_file():
            raise UnreadableError(
                f"{path}: no manifest there; `relume enhance … -o DIR` writes one"
            )
        if not os.access(path, os.R_OK):
            raise UnreadableError(f"{path}: this manifest may not be read; ask whose it is")
        if not path.stat().st_size:
            raise UnreadableError(
                f"{path}: an empty file where a manifest was; `relume enhance … -o DIR` begins it "
                "anew and keeps the results"
            )
        return cls(path, root=root, open=opened if is_writable(path) else only_read)

    @property
    def root(self) -> Path:
        """The folder that names of results are relative to."""
        return self._shown

    @property
    def is_writable(self) -> bool:
        """Whether it was opened to be written."""
        return not self._base.execute("PRAGMA query_only").fetchone()[0]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Note the end of the run, if one was opened, and let go of the file."""
        with self._lock:
            if self._run:
                with telling(self.path):
                    self._base.execute(
                        "UPDATE runs SET ended = ? WHERE id = ?", (time(), self._run)
                    )
            self._base.close()
            let_go(lock_of(self.path, self._run), self._held)

    def check(self) -> None:
        """Look through the whole file. Raises: UnreadableError where it is damaged."""
        with self._lock, telling(self.path):
            (found,) = self._base.execute("PRAGMA quick_check(1)").fetchone()
        if found != "ok":
            raise UnreadableError(
                f"{self.path}: this manifest is damaged ({found}); take it away: results that are "
                "there are kept"
            )

    def open_run(self, settings: str, *, command: Sequence[str]) -> None:
        """Say with which settings, and by which command, pictures are made from now on."""
        with self._writing():
            self._settings = self._settings_id(settings)
            self._run = self._insert(
                "INSERT INTO runs (began, settings, command, folder, results) "
                "VALUES (?, ?, ?, ?, ?)",
                (
                    *(time(), self._settings, json.dumps(list(command))),
                    *(kept(str(Path.cwd())), kept(str(self._shown.absolute()))),
                ),
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
        with self._lock, telling(self.path):
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
        with self._lock, telling(self.path):
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
        if states and "done" not in states:  # so that SQLite knows that its index has them all
            where += " AND state <> 'done'"
        query = (
            f"SELECT {COLUMNS} FROM pictures JOIN settings s ON s.id = settings {where} "
            "AND output > ? ORDER BY output LIMIT 1000"
        ).replace("AND", "AND" if states else "WHERE", 1)
        last = ""
        while True:  # in pages, so that no transaction stays open while somebody else writes
            with self._lock, telling(self.path):
                page = self._base.execute(query, (*states, last)).fetchall()
            yield from map(as_row, page)
            if not page:
                return
            last = page[-1][0]

    def runs(self) -> list[RunRow]:
        """Return all commands, oldest first."""
        with self._lock, telling(self.path):
            results = "results" if has_places(self._base) else "NULL"
            found = self._base.execute(
                f"SELECT r.id, began, ended, s.text, command, folder, {results} FROM runs r "
                "JOIN settings s ON s.id = r.settings ORDER BY r.id"
            ).fetchall()
        return [as_run(about) for about in found]

    def folders_named(self) -> set[str]:
        """Return the folders, as they were called then, that names of its rows are relative to."""
        with self._lock, telling(self.path):
            if not has_places(self._base):
                return set()
            found = self._base.execute(
                "SELECT DISTINCT results FROM runs WHERE results IS NOT NULL AND id IN (SELECT run "
                "FROM pictures WHERE output NOT LIKE '%://%' AND output NOT LIKE '/%')"
            ).fetchall()
        return {named(place) for (place,) in found}

    def counts(self) -> dict[State, int]:
        """Return how many pictures are in which state."""
        with self._lock, telling(self.path):
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

    def mark(self, rows: Iterable[Row], state: Literal["done", "damaged"]) -> None:
        """Put these pictures into another state."""
        keys = [(state, kept(row.output)) for row in rows]
        with self._writing():
            self._base.executemany("UPDATE pictures SET state = ? WHERE output = ?", keys)

    def take_over(self, other: Path) -> int:
        """Take over another manifest's runs, and its rows where they are newer; return how many.

        What a run that is still alive has begun stays its own.

        Raises: UnreadableError for a file that is no manifest.
        """
        with Manifest.there(other, root=self._shown) as source:
            runs = source.runs()
        with self._lock, telling(self.path):
            self._base.execute("ATTACH ? AS other", (str(other),))
            try:
                with self._transaction():
                    return sum(
                        self._copied(run, alive=is_held(lock_of(other, run.id))) for run in runs
                    )
            finally:
                self._base.execute("DETACH other")

    def _copied(self, run: RunRow, *, alive: bool) -> int:
        """Copy a run of the attached manifest and its rows; return how many were newer."""
        settings, command = self._settings_id(run.settings), json.dumps(list(run.command))
        same = self._base.execute(
            "SELECT id FROM main.runs WHERE began = ? AND command = ?", (run.began, command)
        ).fetchone()
        results = None if run.results is None else kept(run.results)
        number = (
            same[0]
            if same
            else self._insert(
                "INSERT INTO main.runs (began, settings, command, folder, results) "
                "VALUES (?, ?, ?, ?, ?)",
                (run.began, settings, command, kept(run.folder), results),
            )
        )
        self._base.execute("UPDATE main.runs SET ended = ? WHERE id = ?", (run.ended, number))
        return self._base.execute(TAKE_OVER, (settings, number, run.id, not alive)).rowcount

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
        with self._lock, telling(self.path), self._transaction():
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
