"""Are the results of a run still what was made? Their content is compared with the manifest."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from relume.runs.manifest import Manifest
from relume.runs.rows import Row


@dataclass(frozen=True)
class Finding:
    """One result and what is the matter with it; "whole" if nothing is."""

    row: Row
    what: Literal["whole", "missing", "damaged"]


def inspect(manifest: Manifest, digest: Callable[[str], str | None]) -> Iterator[Finding]:
    """Read every result that was made, and note in the manifest which are damaged or mended.

    `digest` returns the sha256 of what lies at a place, None where nothing does.
    """
    for row in manifest.rows("done", "damaged"):
        found = digest(manifest.place(row))
        if found is None:
            yield Finding(row, "missing")
        elif found == row.output_hash:
            if row.state == "damaged":
                manifest.mark([row], "done")
            yield Finding(row, "whole")
        else:
            if row.state == "done":
                manifest.mark([row], "damaged")
            yield Finding(row, "damaged")
