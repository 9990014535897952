"""What goes out to a worker and what comes back: a few words each, whatever the picture's size."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, Self

from relume.runs.stamp import Stamp


@dataclass(frozen=True)
class Task:
    """One picture to enhance, by path or address."""

    input: str
    output: str
    stamp: Stamp | None = None
    """Of the input, when it was listed."""
    before: Stamp | None = None
    """Of what lay in the output's place when the task was given out."""
    creates: bool = False
    """The output must not be there yet: what somebody else has put meanwhile is kept."""
    again: str = ""
    """Why it is made anew."""
    attempts: int = 0
    """Workers that have ended over it."""

    def after_a_death(self) -> Self:
        """Return the task that has ended one more worker."""
        return replace(self, attempts=self.attempts + 1)


@dataclass(frozen=True)
class Record:
    """What became of a task."""

    task: Task
    state: Literal["done", "skipped", "failed", "deadly"]
    message: str = ""
    """Why it was skipped, or what went wrong."""
    method: str = ""
    reason: str = ""
    seconds: float = 0.0
    width: int = 0
    height: int = 0
    notes: tuple[str, ...] = ()
    input_hash: str | None = None
    output_stamp: Stamp | None = None
    output_hash: str | None = None
