"""`relume enhance --on ray`: the same pictures, done by the workers of a cluster."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing, nullcontext
from dataclasses import dataclass, field
from functools import partial
from itertools import chain, islice
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

import typer

from relume.cli import clean, named
from relume.cli._interrupts import one_interrupt
from relume.cli._runs import tell_empty
from relume.errors import ContractError
from relume.words import counted

if TYPE_CHECKING:
    from relume.cli._repeating import Repetition
    from relume.cli._report import Style
    from relume.errors import UnreadableError
    from relume.runs.manifest import Manifest
    from relume.runs.shards import Shard
    from relume.runs.treatment import Treatment
    from relume.scale.fleet import Fleet
    from relume.scale.tasks import Record, Task


@dataclass
class Tally:
    """Tells what failed, or everything in JSON, and counts."""

    style: Style
    counts: dict[str, int] = field(default_factory=dict[str, int])

    def __call__(self, record: Record) -> None:
        """Tell of one picture."""
        self.counts[record.state] = self.counts.get(record.state, 0) + 1
        bad = record.state in ("failed", "deadly")
        if bad:
            text = named(record.task.input, record.message)
            typer.echo(f"relume: {clean(text)}", err=True)
        if self.style == "json":
            typer.echo(json.dumps(_facts(record)))

    def folder(self, error: UnreadableError) -> None:
        """Tell of a folder that is left out."""
        self.counts["failed"] = self.counts.get("failed", 0) + 1
        typer.echo(f"relume: {clean(str(error))}", err=True)
        if self.style == "json":
            typer.echo(json.dumps({"input": str(error).partition(": ")[0], "error": str(error)}))

    def unended(self, book: Manifest) -> None:
        """Tell of what this run has begun and nothing was heard of: there is to be none, ever."""
        from relume.scale.tasks import Record, Task

        for row in book.rows("begun"):
            if row.run == book.run:
                why = "it was begun, and nothing came back; the same command makes it"
                self(Record(Task(row.input, row.output), "failed", why))

    @property
    def failed(self) -> int:
        """How many pictures failed, those that ended their workers among them."""
        return self.counts.get("failed", 0) + self.counts.get("deadly", 0)

    def line(self) -> str:
        """Return how many pictures came to which end."""
        told = [f"{count} {_word(state, count)}" for state, count in self.counts.items()]
        return ", ".join(told) or "no pictures there to enhance"


def _word(state: str, count: int) -> str:
    ended = "ended its worker" if count == 1 else "ended their workers"
    return {"done": "enhanced", "deadly": ended}.get(state, state)


def enhance_on(
    address: str,
    *,
    inputs: Sequence[str],
    output: str | None,
    treatment: Treatment,
    record: str,
    suffixes: frozenset[str],
    becomes: Mapping[str, str],
    recursive: bool,
    overwrite: bool,
    workers: int | None,
    memory: int | None,
    shard: Shard | None,
    manifest: Path | None,
    command: Sequence[str],
    style: Style,
    again: Repetition | None,
) -> int:
    """Enhance on a cluster; return how many pictures failed. `record` is what results depend on.

    Raises: RelumeError for what cannot be begun.
    """
    from relume.cli._report import progress
    from relume.runs.belonging import refuse_of_another
    from relume.runs.left import clear_up
    from relume.runs.manifest import Manifest
    from relume.scale.fleet import Fleet
    from relume.scale.judging import Judge
    from relume.scale.listing import Listing, check_places
    from relume.scale.storage import is_address
    from relume.scale.tasks import Task

    folder = check_places(inputs, output)
    start, tally = perf_counter(), Tally(style)
    listing = Listing(inputs, folder, suffixes, becomes, recursive, shard, tally.folder)
    if again is None:
        path = _manifest(folder, manifest, shard, is_address(folder))
        root = path.parent if is_address(folder) else Path(folder)
        found = iter(listing)
    else:
        path, root = again.manifest, again.root
        found = (Task(job.input_name, job.output_name) for job in again.jobs)
        overwrite = again.overwrite
    shown = style != "quiet" and sys.stderr.isatty()
    fleet = Fleet(address, treatment, workers=workers, memory=memory)
    first = list(islice(found, 1))  # before anything is written: it may be told that none is there
    tell_empty(path)
    with Manifest(path, root=root) as book:
        if again is None and not is_address(folder):
            refuse_of_another(book)
        book.open_run(record, command=command)
        clear_up((), book)
        judged = Judge(book, record, overwrite, asked=again is not None)(chain(first, found))
        records = _records(fleet, judged, folder, begin=partial(_begin, book))
        went = False
        try:
            with (
                one_interrupt(),
                progress(None) if shown else nullcontext(_no_move) as move,
                closing(records),
            ):
                for one in records:
                    _end(book, one)
                    tally(one)
                    move()
            tally.unended(book)
            went = True
        finally:
            if style == "lines" and (went or tally.counts):
                typer.echo(f"{tally.line()}; {perf_counter() - start:.1f} s")
    if is_address(folder):
        _clean_up(folder, style)
    return tally.failed


def _records(
    fleet: Fleet,
    judged: Iterator[Task | Record],
    folder: str,
    *,
    begin: Callable[[Task], bool],
) -> Generator[Record]:
    """Yield what becomes of all pictures. The cluster is started for the first that is to be done,
    so that an input that is not there is told at once. Raises: UnwritableError."""
    from relume.scale.storage import Objects, storage_of
    from relume.scale.tasks import Record

    for one in judged:
        if isinstance(one, Record):
            yield one
            continue
        storage = storage_of(folder)
        if isinstance(storage, Objects):
            storage.check_target(folder)
        with fleet:
            yield from fleet.records(chain((one,), judged), begin=begin)


def _clean_up(folder: str, style: Style) -> None:
    """Abort stale uploads, where the store lets us; if not, the run is none the worse."""
    from relume.scale.uploads import abort_stale

    try:
        stale = abort_stale(folder)
    except OSError as error:
        why = " ".join(str(error).split())[:200]
        told = f"{folder}: old uploads that nobody ended could not be looked for: {why}"
        typer.echo(f"relume: note: {clean(told)}", err=True)
        return
    if stale and style == "lines":
        typer.echo(f"cleaned away: {counted(stale, 'upload')} that nobody ended")


def _manifest(folder: str, given: Path | None, shard: Shard | None, stored: bool) -> Path:
    from relume.runs.manifest_files import manifest_of

    if given is not None:
        return given
    if stored:
        raise ContractError(
            f"-o {folder} is a store, and the record is a file: give --manifest FILE"
        )
    return manifest_of(Path(folder), shard=shard)


def _begin(book: Manifest, task: Task) -> bool:
    return book.claim((task.output, task.input, task.stamp, task.before), seen=task.seen)


def _end(book: Manifest, record: Record) -> None:
    from relume.runs.rows import Ending

    if record.state == "skipped":
        if record.task.creates:  # begun, and found to be there already: nothing of ours
            book.forget(record.task.output)
        return
    book.end(
        record.task.output,
        Ending(
            record.state,
            input_hash=record.input_hash,
            output_stamp=record.output_stamp,
            output_hash=record.output_hash,
            method=record.method or None,
            seconds=record.seconds or None,
            error=record.message or None,
        ),
    )


def _facts(record: Record) -> dict[str, Any]:
    facts: dict[str, Any] = {"input": record.task.input, "output": record.task.output}
    match record.state:
        case "skipped":
            return {**facts, "skipped": True, "reason": record.message}
        case "failed" | "deadly":
            return {**facts, "error": record.message}
        case "done":
            return {
                **facts,
                "method": record.method,
                "reason": record.reason,
                "seconds": record.seconds,
                "width": record.width,
                "height": record.height,
                "notes": list(record.notes),
                "skipped": False,
            }


def refuse_here(*, dry_run: bool, maps: Path | None, stream: bool) -> None:
    """Raise ContractError for what a cluster does not do."""
    if dry_run:
        raise ContractError("--on does not go with --dry-run: `relume plan` says what it will cost")
    if maps is not None:
        raise ContractError("--on does not go with --maps: draw them without a cluster")
    if stream:
        raise ContractError("--on does not go with -: a cluster works on files and objects")


def _no_move() -> None: ...
