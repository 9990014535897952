"""`relume runs`: what a folder's manifest says, whether it is true, and what failed once more."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import chdir
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from relume.cli import clean
from relume.cli._options import Json
from relume.errors import ContractError, UnreadableError

if TYPE_CHECKING:
    from relume.runs.manifest import Manifest
    from relume.runs.rows import Row, RunRow

EXAMPLES = """\
relume runs show bright/            # which commands wrote there, what failed and why
relume runs verify bright/          # every result read again and compared with the record
relume runs retry bright/           # what failed, is gone or is damaged, made anew
relume runs merge bright/           # the records of all shards into one"""

Action = Literal["show", "verify", "retry", "merge"]
_NOT_REPEATED = {"--overwrite"}
"""Options of a command that a repetition leaves out: it does what is left to do."""


def runs(
    action: Annotated[
        Action, typer.Argument(metavar="show|verify|retry|merge", help="What to do.")
    ],
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="A folder of results, or a manifest.")
    ],
    as_json: Json = False,
) -> None:
    """Look after the results of earlier runs.

    Verify and retry end with 1 if something is missing, damaged or failed again.
    """
    bad = 0
    commands: list[RunRow] = []
    if action == "merge":
        _merge(folder)
        return
    with _opened(folder) as manifest:
        match action:
            case "show":
                _show(manifest, as_json=as_json)
            case "verify":
                bad = _verify(manifest, as_json=as_json)
            case _:
                if as_json:
                    raise ContractError("retry gives the recorded command again: no --json")
                commands = _ask_again(manifest)
    if bad + _repeat(commands):
        raise typer.Exit(1)


def _merge(folder: Path) -> None:
    """Take the records of shards over into the folder's own; theirs stay."""
    from relume.runs.manifest import Manifest
    from relume.runs.manifest_files import manifest_of, shards_of

    found = shards_of(folder)
    if not found:
        raise UnreadableError(f"{folder}: no records of shards there; `--shards N/M` writes them")
    with Manifest(manifest_of(folder), root=folder) as manifest:
        for shard in found:
            typer.echo(clean(f"{shard.name}: {manifest.take_over(shard)} pictures"))


def _opened(folder: Path) -> Manifest:
    from relume.runs.manifest import Manifest
    from relume.runs.manifest_files import manifest_of, shards_of

    if folder.is_dir():
        if not manifest_of(folder).is_file() and shards_of(folder):
            raise UnreadableError(
                f"{folder}: only records of shards there; `relume runs merge {folder}` joins them"
            )
        return Manifest.there(manifest_of(folder), root=folder)
    return Manifest.there(folder, root=folder.parent)


def _show(manifest: Manifest, *, as_json: bool) -> None:
    found, counts = manifest.runs(), manifest.counts()
    failed = manifest.rows("failed", "deadly", "damaged", "begun", "again")
    if as_json:
        facts = {
            "runs": [asdict(run) for run in found],
            "counts": counts,
            "unfinished": [asdict(row) for row in failed],
        }
        typer.echo(json.dumps(facts, indent=2))
        return
    for run in found:
        typer.echo(clean(_line(run)))
    typer.echo(", ".join(f"{count} {state}" for state, count in sorted(counts.items())) or "empty")
    for row in failed:
        typer.echo(clean(f"{row.state}: {row.input}{f': {row.error}' if row.error else ''}"))


def _line(run: RunRow) -> str:
    began = datetime.fromtimestamp(run.began, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    length = "not ended" if run.ended is None else f"{run.ended - run.began:.1f} s"
    return f"{began}  {length}  relume {' '.join(run.command)}"


def _verify(manifest: Manifest, *, as_json: bool) -> int:
    """Compare all results with the record, tell of each that differs; return how many do."""
    from relume.runs.inspection import inspect

    counts: Counter[str] = Counter()
    for finding in inspect(manifest, _content):
        counts[finding.what] += 1
        place = manifest.place(finding.row)
        if finding.what != "whole":
            if as_json:
                typer.echo(json.dumps({"output": str(place), "what": finding.what}))
            else:
                typer.echo(clean(f"{finding.what}: {place}"))
    if not as_json:
        typer.echo(", ".join(f"{count} {what}" for what, count in counts.items()) or "no results")
    return counts["missing"] + counts["damaged"]


def _content(place: str) -> str | None:
    """Return the sha256 of a result, None where there is none."""
    from relume.runs.stamp import digest
    from relume.scale.storage import content, is_address

    return content(place) if is_address(place) else digest(Path(place))


def _ask_again(manifest: Manifest) -> list[RunRow]:
    """Mark what is to be made anew, and return the commands that made it."""
    again = list(_unwell(manifest))
    manifest.mark(again, "again")
    wanted = {row.run for row in again}
    commands = {(run.command, run.folder): run for run in manifest.runs() if run.id in wanted}
    if not commands:
        typer.echo("nothing failed, is missing or damaged")
    return list(commands.values())


def _unwell(manifest: Manifest) -> Iterable[Row]:
    yield from manifest.rows("failed", "deadly", "damaged", "again", "begun")
    yield from _missing(manifest)


def _missing(manifest: Manifest) -> Iterator[Row]:
    from relume.scale.storage import storage_of

    for row in manifest.rows("done"):
        place = manifest.place(row)
        if storage_of(place).stamp(place) is None:
            yield row


def _repeat(commands: Sequence[RunRow]) -> int:
    """Give commands once more where they were given; return how many did not end well."""
    from relume.cli import app

    failed = 0
    for run in commands:
        command = [word for word in run.command if word not in _NOT_REPEATED]
        if not Path(run.folder).is_dir():
            raise UnreadableError(
                f"{run.folder}: the folder of `relume {' '.join(command)}` is gone; give that "
                "command yourself"
            )
        typer.echo(clean(f"in {run.folder}: relume {' '.join(command)}"))
        with chdir(run.folder):
            ended = app(args=command, prog_name="relume", standalone_mode=False, obj=command)
        failed += bool(ended)
    return failed
