"""All pictures of a plan: done, told, shown by a bar."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from time import perf_counter
from typing import TYPE_CHECKING

import typer

from relume.cli._interrupts import one_interrupt

if TYPE_CHECKING:
    from relume.cli._report import Report
    from relume.runs.batch import Work
    from relume.runs.plan import Plan


def enhance_files(planned: Plan, *, work: Work, report: Report, workers: int | None) -> None:
    """Do all jobs of a plan, `workers` at the same time, and tell what became of each.

    Raises: KeyboardInterrupt, once files that were being written are whole.
    """
    from relume.cli._report import progress
    from relume.runs.batch import Failed, Run

    start = perf_counter()
    report.begin(planned)
    jobs = planned.jobs
    several = sum(not job.skip for job in jobs) > 1
    shown = several and report.style != "quiet" and sys.stderr.isatty()
    bar = progress(len(jobs)) if shown else nullcontext(_no_move)
    run = Run(jobs, work, workers=workers or (2 if several else 1))
    with one_interrupt(), bar as move:
        try:
            with run:  # from here on pictures are at work, and an interrupt says how many
                for outcome in run.outcomes():
                    if isinstance(outcome, Failed) and isinstance(outcome.error, BrokenPipeError):
                        raise outcome.error  # the reader of standard output has gone
                    report.outcome(outcome)
                    move()
        except KeyboardInterrupt:
            run.call_off()
            for outcome in run.unreported():
                report.outcome(outcome)
            typer.echo(report.counts(planned), err=True)
            raise
    if report.style == "lines" and len(jobs) + planned.ignored > 1:
        typer.echo(f"{report.counts(planned)}; {perf_counter() - start:.1f} s")


def _no_move() -> None: ...
