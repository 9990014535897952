"""Options of runs over many pictures, and what they mean for a plan."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from time import time
from typing import TYPE_CHECKING, Annotated, TypeAlias, cast

import typer

from relume.cli import clean
from relume.cli._repeating import Repetition
from relume.errors import ContractError
from relume.extras import need

if TYPE_CHECKING:
    from relume.runs.manifest import Manifest
    from relume.runs.plan import Plan
    from relume.runs.resume import Resume
    from relume.runs.shards import Shard

ManifestOption: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--manifest",
        metavar="FILE",
        help="The run's record; OUT/.relume/run.sqlite if -o is a folder.",
    ),
]

ShardsOption: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--shards",
        metavar="N/M",
        help="Do part N of M, chosen by name, with a record of its own: for array jobs.",
    ),
]
On: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--on",
        metavar="ray[://HOST:PORT]",
        help="Workers of a Ray cluster do the pictures, -j of them; folders and s3://, gs://, …",
    ),
]
WorkerMemory: TypeAlias = Annotated[
    int | None,
    typer.Option(
        "--worker-memory", min=1, metavar="MIB", help="What the cluster sets aside for each worker."
    ),
]

Series: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--series",
        help="The pictures are one event in capture order: neighbours match, nothing flickers.",
    ),
]
Watch: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--watch",
        help="Go on with pictures that arrive in the folders, once complete, until interrupted.",
    ),
]


_BEGINNING = 10.0
"""Seconds for which a record that another process makes may still be empty."""


def open_manifest(
    planned: Plan,
    file: Path | None,
    *,
    shard: Shard | None,
    dry: bool,
    watch: bool,
    again: Repetition | None,
) -> AbstractContextManager[Manifest | None]:
    """Return a run's manifest, or None where it has none or nothing would be in it.

    Raises: UnwritableError; UnreadableError for a file that is no manifest.
    """
    from relume.runs.belonging import refuse_of_another
    from relume.runs.manifest import Manifest
    from relume.runs.manifest_files import manifest_of

    if again is not None:  # whatever its options said, it is this record that was asked
        return Manifest(again.manifest, root=again.root)
    folder = planned.folder
    if (file is None and folder is None) or not (planned.jobs or watch):
        return nullcontext()
    path = file if file is not None or folder is None else manifest_of(folder, shard=shard)
    if path is None or (dry and not path.exists()):
        return nullcontext()
    tell_empty(path)
    return refuse_of_another(Manifest(path, root=folder if folder is not None else path.parent))


def tell_empty(path: Path) -> None:
    """Tell of a record that has been emptied, and not of one that another run begins just now."""
    try:
        about = path.stat()
    except OSError:  # none is there, or can be: which opening it tells
        return
    if not about.st_size and time() - about.st_mtime > _BEGINNING:
        told = f"{path} was empty: a new record is begun, and results that are there count as done"
        typer.echo(f"relume: note: {clean(told)}", err=True)


def resumed(
    book: Manifest,
    record: str,
    planned: Plan,
    shard: Shard | None,
    *,
    overwrite: bool,
    again: Repetition | None,
) -> Resume:
    """Return what judges the pictures of a run by its record: of a shard, by the folder's own,
    too, which may know more."""
    from relume.cli._video import idle
    from relume.runs.manifest import Manifest
    from relume.runs.manifest_files import manifest_of
    from relume.runs.resume import Resume

    if again is not None:
        return Resume(book, record, overwrite=again.overwrite, asked=True, idle=idle)
    earlier = None
    if shard is not None and planned.folder is not None and manifest_of(planned.folder).is_file():
        earlier = Manifest(manifest_of(planned.folder), root=planned.folder)
    return Resume(book, record, overwrite=overwrite, earlier=earlier, idle=idle)


def command(context: typer.Context) -> Sequence[str]:
    """Return the command as it was given."""
    given = context.obj
    if isinstance(given, Repetition):
        return given.command
    return cast("list[str]", given) if isinstance(given, list) else []


def check_watch(inputs: Sequence[str], *, is_asked: bool) -> None:
    """Raise before anything is enhanced where nothing could be watched afterwards.

    Raises: MissingExtraError; ContractError for what is no folder.
    """
    if not is_asked:
        return
    for name in inputs:
        if not Path(name).is_dir():
            raise ContractError(f"--watch wants folders, {name} is none")
    need("watchfiles", extra="watch")


def watched(inputs: Sequence[str], book: Manifest | None) -> list[Path]:
    """Return the folders to watch. Raises: ContractError where no record can be kept."""
    if book is None:
        raise ContractError("--watch needs a folder of results that exists apart: give -o DIR/")
    return [Path(name) for name in inputs]


def check_worker_memory(memory: int | None, on: str | None) -> None:
    """Raise ContractError where nobody would heed it."""
    if memory is not None and on is None:
        raise ContractError("--worker-memory is for a cluster's workers: give --on with it")


def check_series(*, series: bool, whole: bool) -> None:
    """Raise ContractError for a series that would not be seen as a whole."""
    if series and not whole:
        raise ContractError(
            "--series looks at all pictures first: without --on, --shards, --watch and -"
        )
