"""What processes that were killed have left beside results: temporary files of ours, cleared."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable
from math import inf
from pathlib import Path
from time import time

from relume.io import parts
from relume.runs.at_work import is_held
from relume.runs.file_systems import is_shared_by_machines
from relume.runs.manifest import Manifest
from relume.runs.plan import Job

OLD = 24 * 3600.0
"""Seconds without a change after which nobody on another machine writes a picture any more; not
every network file system tells its locks to all."""


def clear_up(jobs: Iterable[Job], manifest: Manifest | None, *, beside: Iterable[str] = ()) -> None:
    """Remove what was left where jobs will write to, where earlier runs of a record did when they
    ended, and beside the record."""
    clear({*folders_of(jobs, manifest), *beside})
    if manifest is not None:
        for lock in manifest.path.parent.glob(f"{glob.escape(manifest.path.name)}.*.lock"):
            is_held(lock)  # it removes what nobody holds


def clear(folders: Iterable[str]) -> int:
    """Remove the temporary files in these folders that belong to no living process; return how
    many. A folder that cannot be read or changed is left as it is."""
    return sum(_cleared(Path(folder)) for folder in folders)


def folders_of(jobs: Iterable[Job], manifest: Manifest | None) -> set[str]:
    """Return the folders that jobs will write to, and those that earlier runs were writing to
    when they ended."""
    names = [job.output_name for job in jobs if not job.skip]
    if manifest is not None:
        names += map(manifest.place, manifest.rows("begun"))
    return {os.path.dirname(name) or "." for name in names if "://" not in name}  # noqa: PTH120


def _cleared(folder: Path) -> int:
    try:
        with os.scandir(folder) as entries:
            names = [entry.name for entry in entries if parts.NAME.fullmatch(entry.name)]
    except OSError:
        return 0
    if not names:
        return 0
    since = time() - OLD if is_shared_by_machines(folder) else inf
    return sum(parts.take_away(folder / name, untouched_since=since) for name in names)
