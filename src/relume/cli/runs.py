"""`relume runs`: what a folder's manifest says, whether it is true, and what failed once more."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from relume.cli import clean, named
from relume.cli._options import Json
from relume.errors import ContractError, UnreadableError, UnwritableError
from relume.words import counted

if TYPE_CHECKING:
    from relume.runs.inspection import Finding
    from relume.runs.manifest import Manifest
    from relume.runs.rows import Row, RunRow

EXAMPLES = """\
relume runs show bright/            # which commands wrote there, what failed and why
relume runs verify bright/          # every result read again and compared with the record
relume runs retry bright/           # what failed, is gone or is damaged, made anew
relume runs retry bright/ --changed # and what was changed since it was made
relume runs merge bright/           # the records of all shards into one"""

Action = Literal["show", "verify", "retry", "merge"]


def runs(
    action: Annotated[
        Action, typer.Argument(metavar="show|verify|retry|merge", help="What to do.")
    ],
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="A folder of results, or a manifest.")
    ],
    manifest: Annotated[
        Path | None,
        typer.Option("--manifest", metavar="FILE", help="The record of DIR, where it lies apart."),
    ] = None,
    changed: Annotated[
        bool,
        typer.Option("--changed", help="Retry: replace what was changed since it was made, too."),
    ] = False,
    as_json: Json = False,
) -> None:
    """Look after the results of earlier runs.

    Verify and retry end with 1 if something is missing, damaged or failed again. What was changed
    since it was made is told, and kept.
    """
    if changed and action != "retry":
        raise ContractError(f"--changed is for retry; {action} replaces nothing")
    if action == "merge":
        _merge(folder)
        return
    with _opened(folder, manifest) as book:
        if action != "show":
            book.check()
        match action:
            case "show":
                _show(book, as_json=as_json)
                bad = False
            case "verify":
                bad = _verify(book, as_json=as_json)
            case _:
                if as_json:
                    raise ContractError("retry tells what the commands did: no --json")
                bad = _retry(book, changed=changed)
    if bad:
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
            count = counted(manifest.take_over(shard), "picture")
            typer.echo(clean(f"{shard.name}: {count}"))


def _opened(folder: Path, file: Path | None) -> Manifest:
    """Open the record of a folder, with what its shards have recorded since they were merged."""
    from relume.runs.belonging import refuse_of_another
    from relume.runs.manifest import Manifest
    from relume.runs.manifest_files import manifest_of, shards_of

    if file is not None:
        return refuse_of_another(Manifest.there(file, root=folder))
    if not folder.is_dir():
        return Manifest.there(folder, root=_results_of(folder))
    shards = shards_of(folder)
    if not manifest_of(folder).is_file() and shards:
        raise UnreadableError(
            f"{folder}: only records of shards there; `relume runs merge {folder}` joins them"
        )
    manifest = Manifest.there(manifest_of(folder), root=folder)
    for shard in shards if manifest.is_writable else ():
        manifest.take_over(shard)
    return manifest


def _results_of(file: Path) -> Path:
    """Return the folder that a record of its own place speaks of. Raises: UnreadableError."""
    from relume.runs.manifest import Manifest
    from relume.runs.manifest_files import HOME

    if file.absolute().parent.name == HOME:
        return file.absolute().parent.parent
    with Manifest.there(file, root=file.parent) as manifest:
        results = next((run.results for run in reversed(manifest.runs()) if run.results), None)
    if results is None or Path(results).is_dir():
        return file.parent if results is None else Path(results)
    raise UnreadableError(
        f"{results}: the folder of results that {file} records is gone; where it is now, give DIR "
        f"--manifest {file}"
    )


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
        told = named(row.input, row.error) if row.error else row.input
        typer.echo(clean(f"{row.state}: {told}"))


def _line(run: RunRow) -> str:
    began = datetime.fromtimestamp(run.began, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    length = "not ended" if run.ended is None else f"{run.ended - run.began:.1f} s"
    return f"{began}  {length}  relume {' '.join(run.command)}"


def _verify(manifest: Manifest, *, as_json: bool) -> bool:
    """Compare all results with the record, tell of each that differs; return whether a retry
    would find something to do."""
    from relume.cli._wholeness import look
    from relume.runs.inspection import UNWELL, inspect

    counts: Counter[str] = Counter()
    for finding in inspect(manifest, look()):
        counts[finding.what] += 1
        if finding.what != "whole":
            _tell(manifest, finding, as_json=as_json)
    if not as_json:
        typer.echo(
            ", ".join(f"{count} {what}" for what, count in counts.items()) or "no results on record"
        )
    return any(counts[what] for what in (*UNWELL, "unreadable"))


def _tell(manifest: Manifest, finding: Finding, *, as_json: bool) -> None:
    place, error = str(manifest.place(finding.row)), finding.row.error
    if as_json:
        facts = {"output": place, "what": finding.what, **({"error": error} if error else {})}
        typer.echo(json.dumps(facts))
    else:
        typer.echo(clean(f"{finding.what}: {place}{f': {error}' if error else ''}"))


def _retry(manifest: Manifest, *, changed: bool) -> bool:
    """Make anew what is not well, and what was changed only if that is asked for; return whether
    something failed."""
    from relume.cli._repeating import repeat
    from relume.cli._wholeness import look
    from relume.runs.inspection import UNWELL, inspect_what_differs

    if not manifest.is_writable:
        where = f"{manifest.root}: nothing can be made anew where the record cannot be written"
        raise UnwritableError(f"{where}; make its folder writable, or retry in a copy of it")
    rows: list[Row] = []
    is_well = True
    for finding in inspect_what_differs(manifest, look()):
        is_changed = finding.what == "changed since"
        if finding.what in UNWELL or (changed and is_changed):
            rows.append(finding.row)
        elif is_changed:
            kept = f"{finding.what}, and kept: {manifest.place(finding.row)}; --changed replaces it"
            typer.echo(clean(kept))
        elif finding.what == "unreadable":
            is_well = False
            _tell(manifest, finding, as_json=False)
    if not rows and is_well:
        typer.echo("nothing failed, is missing or damaged")
    return not all([is_well, *repeat(manifest, rows, overwrite=changed)])
