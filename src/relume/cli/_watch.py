"""`relume enhance --watch`: go on with what arrives, until interrupted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from relume.cli import clean
from relume.errors import RelumeError

if TYPE_CHECKING:
    from relume.runs.plan import Job, Plan
    from relume.runs.resume import Resume


def enhance_arrivals(
    folders: Sequence[Path],
    plan: Callable[[], Plan],
    resume: Resume,
    enhance: Callable[[Plan], None],
) -> None:
    """Enhance pictures as they become complete, until interrupted.

    Raises: MissingExtraError.
    """
    from relume.runs.plan import Plan
    from relume.runs.watch import Arrivals

    told: set[str] = set()

    def scan() -> Iterable[Job]:
        try:
            return plan().jobs
        except RelumeError as error:  # two names that clash, say: the rest must wait for somebody
            if (message := clean(str(error))) not in told:
                told.add(message)
                typer.echo(f"relume: {message}", err=True)
            return ()

    for complete in Arrivals(folders, scan):
        # That a result is there says nothing yet: its input may be another one by now.
        opened = resume.open_to_judgement(Plan(tuple(complete), (), 0))
        due = tuple(job for job in opened.jobs if not resume.judge(job).skip)
        if due:
            enhance(Plan(due, (), 0))
