"""`relume runs retry`: what failed, is gone or is damaged, each by the command that made it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import chdir
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from relume.cli import clean
from relume.cli._stream import STREAM
from relume.errors import RelumeError
from relume.frozen import frozen
from relume.runs.plan import Job, Plan
from relume.words import counted

if TYPE_CHECKING:
    from relume.runs.manifest import Manifest
    from relume.runs.rows import Row, RunRow

_NOT_REPEATED = ("--overwrite", "--watch")
"""Options of a command that a repetition leaves out: it does what it is asked for, and ends."""


@frozen
class Repetition:
    """A command that is given again for some of its pictures; stands for the words it was."""

    command: Sequence[str]
    manifest: Path
    root: Path
    """The folder that the manifest's names are relative to."""
    jobs: tuple[Job, ...]
    overwrite: bool
    """Replace what was changed since it was made, too."""

    @property
    def plan(self) -> Plan:
        """The pictures as a plan of their own."""
        return Plan(self.jobs, (), 0)


def repetition(context: typer.Context) -> Repetition | None:
    """Return what a command repeats, None where somebody has given it."""
    return context.obj if isinstance(context.obj, Repetition) else None


def repeat(manifest: Manifest, rows: Iterable[Row], *, overwrite: bool) -> Iterator[bool]:
    """Give the commands that made these rows again, each for its own; yield whether each ended
    well. The manifest is closed as soon as it was asked."""
    root = manifest.root.absolute()
    groups = _by_command(manifest, rows, root)
    path = manifest.path.absolute()
    manifest.close()
    for run, members in groups:
        yield _again(run, members, path, root, overwrite=overwrite)


def _by_command(
    manifest: Manifest, rows: Iterable[Row], root: Path
) -> list[tuple[RunRow, list[Row]]]:
    runs = {run.id: run for run in manifest.runs()}
    groups: dict[object, tuple[RunRow, list[Row]]] = {}
    for row in list(rows):
        run = runs[row.run]
        if _is_given_up(row, run):
            manifest.forget(root / row.output)
            typer.echo(clean(f"forgotten: {row.input} failed, and is there no more"))
            continue
        groups.setdefault((run.command, run.folder), (run, []))[1].append(row)
    return list(groups.values())


def _is_given_up(row: Row, run: RunRow) -> bool:
    """Tell whether somebody has taken an input that failed out of its folder."""
    source = Path(run.folder, row.input)
    never_made = row.state in ("failed", "deadly") and "://" not in row.input
    return never_made and source.parent.is_dir() and not os.path.lexists(source)


def _again(run: RunRow, rows: Sequence[Row], path: Path, root: Path, *, overwrite: bool) -> bool:
    from relume.cli import app

    words = [word for word in run.command if word not in _NOT_REPEATED]
    called = f"relume {' '.join(words)}"
    place, named = _best_place(run, root, rows)
    if place is None or not words:
        gone = rows[0].input
        told = f"{gone}: not in {run.folder}, where `{called}` was given"
        told += f"; if it has moved, give that command yourself from there, with -o {root}"
        if gone == STREAM:
            told = f"{rows[0].output}: came from standard input; give `{called}` yourself"
        typer.echo(f"relume: {clean(told)}", err=True)
        return False
    typer.echo(clean(f"{counted(len(rows), 'picture')}, in {place}: {called}"))
    shown = root.relative_to(place) if root.is_relative_to(place) else root
    outputs = (_output(row, shown) for row in rows)
    jobs = tuple(Job(name, output) for name, output in zip(named, outputs, strict=True))
    with chdir(place):
        again = Repetition(words, path, root, jobs, overwrite)
        try:
            return not app(args=words, prog_name="relume", standalone_mode=False, obj=again)
        except RelumeError as error:  # a model that is gone, say: other commands do not need it
            typer.echo(f"relume: {clean(str(error))}", err=True)
            return False


def _best_place(run: RunRow, root: Path, rows: Sequence[Row]) -> tuple[Path | None, Sequence[str]]:
    """Return the place with most inputs as they were: the next memory card has the same names."""
    there = [found for found in _places(run, root, rows) if _are_any_there(*found)]
    if len(there) < 2:
        return there[0] if there else (None, ())

    def unchanged(found: tuple[Path, Sequence[str]]) -> int:
        place, names = found
        return sum(_is_as_it_was(place / name, row) for name, row in zip(names, rows, strict=True))

    return max(there, key=unchanged)


def _is_as_it_was(file: Path, row: Row) -> bool:
    from relume.runs.stamp import digest, stamp

    now = stamp(file)
    return now is not None and (now == row.input_stamp or digest(file) == row.input_hash)


def _output(row: Row, root: Path) -> str:
    return row.output if "://" in row.output else str(root / row.output)


def _places(run: RunRow, root: Path, rows: Sequence[Row]) -> Iterator[tuple[Path, Sequence[str]]]:
    """Yield where a command may be given and the inputs as they are named from there: where it was
    given, and what lies to the results as that did, if they have moved together."""
    names = [row.input for row in rows]
    yield Path(run.folder), names
    before = run.results
    if before is not None and Path(before) != root:

        def moved(name: str) -> str:
            return os.path.normpath(root / os.path.relpath(name, before))

        yield (
            Path(moved(run.folder)),
            [
                moved(name) if os.path.isabs(name) else name  # noqa: PTH117
                for name in names
            ],
        )


def _are_any_there(folder: Path, names: Sequence[str]) -> bool:
    """Tell whether a folder is there, and with it some of the inputs that are named from it."""
    return folder.is_dir() and any(
        "://" in name or os.path.lexists(folder / name) for name in names
    )
