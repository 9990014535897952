"""Options of runs over many pictures, and what they mean for a plan."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias, cast

import typer

if TYPE_CHECKING:
    from relume.runs.manifest import Manifest
    from relume.runs.plan import Job, Plan

PANEL = "Many pictures"

ManifestOption: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--manifest",
        metavar="FILE",
        help="The run's record; OUT/.relume/run.sqlite if -o is a folder.",
        rich_help_panel=PANEL,
    ),
]


def open_manifest(
    planned: Plan, file: Path | None, *, dry: bool
) -> AbstractContextManager[Manifest | None]:
    """Return a run's manifest, or None where it has none or nothing would be in it.

    Raises: UnwritableError; UnreadableError for a file that is no manifest.
    """
    from relume.runs.manifest import Manifest, manifest_of

    folder = planned.folder
    if (file is None and folder is None) or not planned.jobs:
        return nullcontext()
    path = file if file is not None or folder is None else manifest_of(folder)
    if path is None or (dry and not path.exists()):
        return nullcontext()
    return Manifest(path, root=folder if folder is not None else path.parent)


def command(context: typer.Context) -> Sequence[str]:
    """Return the command as it was given."""
    given = context.obj
    return cast("list[str]", given) if isinstance(given, list) else []


def kept(job: Job) -> Job:
    """Return a job as it was planned: no manifest knows better."""
    return job
