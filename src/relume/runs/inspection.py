"""Are the results of a run still what was made? Told by the record and by what lies there now.

| record says     | what lies there                                     | finding       |
|-----------------|-----------------------------------------------------|---------------|
| made            | as it was made, or with the content it had          | whole         |
| made            | nothing                                             | missing       |
| made            | other content, and a picture that can be read       | changed since |
| made            | no picture that can be read, or an empty file       | damaged       |
| made            | other content, size and time as they were           | damaged       |
| made            | a file that may not be read                         | unreadable    |
| failed          | nothing, or what lay there when it failed           | failed        |
| failed          | something else: somebody has put it there           | changed since |
| begun           |                                                     | unfinished    |
| begun, now      |                                                     | at work       |

No editor leaves size and time as they were: content that changed beneath them has rotted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

from relume.runs.manifest import Manifest
from relume.runs.rows import Row
from relume.runs.stamp import Stamp

What: TypeAlias = Literal[
    "whole", "missing", "changed since", "damaged", "unreadable", "failed", "unfinished", "at work"
]
UNWELL: frozenset[What] = frozenset(("missing", "damaged", "failed", "unfinished"))
"""What retry makes anew, and verify ends with 1 for; as for what is unreadable, which nobody can
tell from what somebody has edited."""


@dataclass(frozen=True)
class Finding:
    """One result and what is the matter with it; "whole" if nothing is."""

    row: Row
    what: What


@dataclass(frozen=True)
class Look:
    """How to look at what lies at a place, a path or an address."""

    stamp: Callable[[str], Stamp | None]
    """None where nothing does."""
    digest: Callable[[str], str | None]
    """The sha256, or None for what cannot be read."""
    may_read: Callable[[str], bool]
    is_whole: Callable[[str], bool]
    """Whether it is a picture or a video that can be read to its end."""


def inspect(manifest: Manifest, look: Look) -> Iterator[Finding]:
    """Read every result, and note in the manifest which are damaged or mended."""
    for row in manifest.rows():
        yield _finding(manifest, row, lambda row: _what(manifest, row, look, trusted=False))


def inspect_what_differs(manifest: Manifest, look: Look) -> Iterator[Finding]:
    """Do the same, but read no result whose size and time are as they were."""
    for row in manifest.rows():
        yield _finding(
            manifest, row, lambda row: _what(manifest, row, look, trusted=row.state == "done")
        )


def _finding(manifest: Manifest, row: Row, what: Callable[[Row], What]) -> Finding:
    """Look at a result, and once more where another run has been at it meanwhile."""
    while (found := what(row)) != "whole":
        now = manifest.row(manifest.place(row))
        if now is None or now == row:
            break
        row = now
    return _noted(manifest, row, found)


def _what(manifest: Manifest, row: Row, look: Look, *, trusted: bool) -> What:
    if row.state == "begun":
        return "at work" if manifest.is_at_work(row) else "unfinished"
    place = manifest.place(row)
    there = look.stamp(place)
    if _was_not_made(row):
        puts = there is not None and there.size > 0 and there not in (row.before, row.output_stamp)
        return "changed since" if puts else "failed"
    if there is None:
        return "missing"
    if there.size == 0:
        return "damaged"
    is_same = there == row.output_stamp
    if trusted and is_same:
        return "whole"
    if not look.may_read(place):
        return "unreadable"
    # What could not be read when it had been made is known by size and time alone.
    if look.digest(place) == row.output_hash or (is_same and row.output_hash is None):
        return "whole"
    return "damaged" if is_same or not look.is_whole(place) else "changed since"


def _was_not_made(row: Row) -> bool:
    return row.state in ("failed", "deadly") or (row.state == "again" and row.output_hash is None)


def _noted(manifest: Manifest, row: Row, what: What) -> Finding:
    """Note what was found where the record says otherwise and may be written."""
    # What is missing or changed is seen anew each time: only damage is told by its content alone.
    is_known = what != "unreadable" and row.state in ("done", "damaged", "again")
    if is_known and not _was_not_made(row):
        state = "damaged" if what == "damaged" else "done"
        if state != row.state and manifest.is_writable:
            manifest.mark([row], state)
    return Finding(row, what)
