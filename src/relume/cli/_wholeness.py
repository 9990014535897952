"""What lies where a result was put: its stamp, its content, and whether it can be read."""

from __future__ import annotations

import os
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from relume.runs.inspection import Look
    from relume.runs.stamp import Stamp


def look() -> Look:
    """Return how to look at files and objects."""
    from relume.runs.inspection import Look
    from relume.runs.stamp import digest, stamp
    from relume.scale.storage import content, storage_of

    def stamp_of(place: str) -> Stamp | None:
        return storage_of(place).stamp(place) if "://" in place else stamp(Path(place))

    def content_of(place: str) -> str | None:
        return content(place) if "://" in place else digest(Path(place))

    def may_read(place: str) -> bool:
        return "://" in place or os.access(place, os.R_OK)

    return Look(stamp_of, content_of, may_read, _is_whole)


def _is_whole(place: str) -> bool:
    """Tell whether a result can be read to its end; in doubt it can, so that it is kept."""
    from relume.errors import RelumeError, UnreadableError
    from relume.io import read
    from relume.io.formats.jpeg import BROKEN
    from relume.io.source import MAX_BYTES
    from relume.scale.storage import storage_of
    from relume.scale.worker import Named
    from relume.video.suffixes import SUFFIXES

    try:
        if Path(place).suffix.lower() in SUFFIXES:
            return _is_whole_video(Path(place))
        data = storage_of(place).load(place, max_bytes=MAX_BYTES)
        return BROKEN not in read(Named(data, place)).notes
    except UnreadableError:
        return False
    except RelumeError:  # larger than the limits, or of a package that is not installed
        return True


def _is_whole_video(path: Path) -> bool:
    from relume.video.source import Source

    with Source(path) as source:
        count, end, facts = 0, Fraction(0), source.facts
        for shot in source.shots():
            count, end = count + 1, (shot.time + shot.duration) * facts.time_base
        broken = source.faults or any("breaks off" in note for note in source.notes)
        # Matroska states no frames, and where it was cut off nothing in it is broken.
        lost = facts.end - end if facts.end is not None else Fraction(0)
        return not broken and count >= facts.frames and lost < max(Fraction(1, 2), 5 / facts.rate)
