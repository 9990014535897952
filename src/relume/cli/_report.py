"""What a run over many pictures tells: a line for each, its JSON, a bar, a summary."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from time import perf_counter
from typing import Any, Literal

import typer

from relume.cli import clean, explain, named
from relume.runs.batch import Done, Failed, Outcome, Skipped
from relume.runs.plan import Job, Plan
from relume.runs.search import Problem, needing

Style = Literal["lines", "json", "quiet"]
"""Lines for people, JSON for programs, both on standard output; or errors alone."""


@dataclass
class Report:
    """Tells outcomes as they come and counts them; errors go to standard error in every style."""

    style: Style
    done: int = 0
    skipped: int = 0
    failed: int = 0
    _before: tuple[int, int, int] = (0, 0, 0)
    """What was counted before the plan that is done now."""

    def planned(self, job: Job) -> None:
        """Tell what would be done."""
        if job.skip:
            self.outcome(Skipped(job))
        else:
            # With its folder: where results go is what a dry run is asked for.
            self._tell(
                lambda: f"{job.input} → {job.output}", lambda: {**_paths(job), "skipped": False}
            )

    def problem(self, problem: Problem) -> None:
        """Tell of an input that cannot be used."""
        self._fail(problem.input, problem.error)

    def lacking(self, plan: Plan) -> None:
        """Tell of files in folders that a package is missing for, where others are enhanced."""
        for line, count in plan.lacking.items() if plan.jobs and self.style == "lines" else ():
            typer.echo(f"relume: ignored: {needing(count, line)}", err=True)

    def outcome(self, outcome: Outcome) -> None:
        """Tell what became of one picture."""
        job = outcome.job
        match outcome:
            case Done() as done:
                self.done += 1
                self._tell(lambda: _line(done), lambda: {**_paths(job), **_facts(done)})
            case Skipped():
                self.skipped += 1
                skipped = {"skipped": True, "reason": job.skip}
                self._tell(
                    lambda: f"{job.input}  skipped: {job.skip}",
                    lambda: {**_paths(job), **skipped},
                )
            case Failed():
                self._fail(str(job.input), outcome.error)

    def begin(self, plan: Plan) -> None:
        """Count anew for this plan; what could not be planned is told already, and counts."""
        self._before = (self.done, self.skipped, self.failed - len(plan.problems))

    def counts(self, plan: Plan) -> str:
        """Return how many of the plan's pictures came to which end."""
        now = (self.done, self.skipped, self.failed)
        done, skipped, failed = (
            after - before for after, before in zip(now, self._before, strict=True)
        )
        counts = {
            "enhanced": done,
            "skipped": skipped,
            "failed": failed,
            "not finished": len(plan.jobs) + len(plan.problems) - done - skipped - failed,
            "ignored": plan.ignored,
        }
        return ", ".join(f"{count} {what}" for what, count in counts.items() if count)

    def _tell(self, line: Callable[[], str], facts: Callable[[], dict[str, Any]]) -> None:
        # Made only if it is told: of a million pictures that are done, paths take seconds.
        if self.style == "json":
            typer.echo(json.dumps(facts()))
        elif self.style == "lines":
            typer.echo(clean(line()))

    def _fail(self, source: str, error: Exception) -> None:
        self.failed += 1
        message = explain(error)
        typer.echo(f"relume: {clean(named(source, message))}", err=True)
        if self.style == "json":
            typer.echo(json.dumps({"input": source, "error": message}))


def _paths(job: Job) -> dict[str, Any]:
    return {"input": str(job.input), "output": str(job.output)}


def _facts(done: Done) -> dict[str, Any]:
    return {
        "method": done.method,
        "knobs": dict(done.knobs),
        "reason": done.reason,
        "seconds": round(done.seconds, 4),
        "width": done.width,
        "height": done.height,
        "notes": list(done.notes),
        "skipped": False,
    }


def _arrow(job: Job) -> str:
    return f"{job.input} → {job.output}"


def _line(done: Done) -> str:
    how = f"{done.method}: {done.reason}" if done.reason else done.method
    notes = "".join(f"; {note}" for note in done.notes)
    return f"{_arrow(done.job)}  {how}  {done.seconds:.2f} s{notes}"


@contextmanager
def progress(total: int | None) -> Generator[Callable[[], None]]:
    """Show a bar with rate and time left on standard error; yield what moves it by one picture."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    start, moved = perf_counter(), 0
    bar = Progress(
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
        # Lines for a file or another program stay out of the terminal.
        redirect_stdout=sys.stdout.isatty(),
    )
    with bar:
        task = bar.add_task("", total=total, rate="")

        def move() -> None:
            nonlocal moved
            moved += 1
            bar.update(task, advance=1, rate=f"{moved / (perf_counter() - start):.1f}/s")

        yield move
