"""What goes out to a worker and what comes back: a few words each, whatever the picture's size."""

from __future__ import annotations

from typing import Literal, NamedTuple

from relume.runs.rows import State
from relume.runs.stamp import Stamp


class Task(NamedTuple):
    """One picture to enhance, by path or address.

    A tuple, because a driver makes one for each of millions: a frozen class takes four times as
    long.
    """

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
    seen: tuple[int, State] | None = None
    """The run and the state of its row when it was judged."""
    attempts: int = 0
    """Workers that have ended over it."""

    def after_a_death(self) -> Task:
        """Return the task that has ended one more worker."""
        return self._replace(attempts=self.attempts + 1)


class Record(NamedTuple):
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
