"""Pictures as they arrive in folders: told by the system, found by looking, taken when complete.

An event is a hint: it comes before a file is complete, and files in a folder that is new may have
none. So every hint, and time itself, has the folders listed again, and a picture is taken once its
size and time have stood still for a while.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from os import fspath
from pathlib import Path
from time import monotonic
from typing import Any

from relume.extras import need
from relume.runs.plan import Job
from relume.runs.stamp import Stamp, stamp

STILL = 2.0
"""Seconds without a change after which a file is complete."""
EVERY = 60.0
"""Seconds after which folders are listed again though nothing was told."""


@dataclass(frozen=True)
class Arrivals:
    """Pictures to enhance, in groups as they become complete, without an end."""

    folders: Sequence[Path]
    scan: Callable[[], Iterable[Job]]
    """Lists the jobs there are now."""
    still: float = STILL
    every: float = EVERY

    def __iter__(self) -> Iterator[list[Job]]:
        """Raises: MissingExtraError; UnreadableError for a folder that is not there."""
        watchfiles: Any = need("watchfiles", extra="watch")
        hints = watchfiles.watch(
            *self.folders, rust_timeout=int(1000 * self.still), yield_on_timeout=True
        )
        taken: dict[str, Stamp] = {}
        waiting: dict[str, tuple[Stamp, float]] = {}
        while True:
            complete = self._complete(taken, waiting)
            if complete:
                yield complete
            else:
                _wait(hints, self.still if waiting else self.every)

    def _complete(
        self, taken: dict[str, Stamp], waiting: dict[str, tuple[Stamp, float]]
    ) -> list[Job]:
        """List everything and return what has stood still, each state of a file once."""
        now, found = monotonic(), list[Job]()
        for job in self.scan():
            name, seen = fspath(job.input), stamp(job.input)
            if seen is None or seen.size == 0 or taken.get(name) == seen:
                continue
            before, since = waiting.get(name, (None, now))
            if before != seen:
                waiting[name] = (seen, now)
            elif now - since >= self.still:
                taken[name] = waiting.pop(name)[0]
                found.append(job)
        return found


def _wait(hints: Iterator[Any], seconds: float) -> None:
    """Wait for a hint, at most so long; each step of `hints` ends by itself before long."""
    end = monotonic() + seconds
    while not next(hints) and monotonic() < end:
        pass
