"""What an earlier run left to do, by its manifest and by what lies there now.

| manifest says | result there now          | input, settings | verdict                           |
|---------------|---------------------------|-----------------|-----------------------------------|
| nothing       | none, or empty            |                 | do                                |
| nothing       | there                     |                 | keep: it counts as done           |
| nothing       | a link                    |                 | do, which tells that it is one    |
| done          | as it was made            | same            | keep                              |
| done          | as it was made            | changed         | do, and say why                   |
| done          | gone                      |                 | do, and say so                    |
| done          | changed since             |                 | keep: somebody's work             |
| any           | made from another input   |                 | keep: two inputs, one name        |
| begun         | as before it was begun    |                 | do                                |
| begun         | another than before       | same            | keep: made just before a kill     |
| begun         | any                       | any             | keep, if that run is still at it  |
| failed, again | none, or as it was then   |                 | do                                |
| failed, again | put there since           |                 | keep: somebody's work             |
| deadly        | as for failed             |                 | keep away, until it is asked for  |
| damaged       | there                     |                 | keep, until it is asked for       |

Of two records of a folder, its own and a shard's, the newer row counts. A file is what it was if
its size and time are; if they are not, its content decides.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from os import PathLike, fspath

from relume.frozen import frozen
from relume.runs.manifest import Manifest
from relume.runs.plan import Job, Plan, finished
from relume.runs.rows import Ending, Row, State
from relume.runs.stamp import Stamp, digest, stamp
from relume.runs.treatment import difference
from relume.runs.unchanged import Pairs, are_unchanged

PAGE = 900
"""Jobs whose rows are read at once; SQLite before 3.32 takes 999 names in one question."""
_ASKING = 2
"""Threads that ask for files."""
_AHEAD = 4
"""Pages that are read while files of earlier ones are asked for."""


def is_done(output: str | PathLike[str]) -> str:
    """Return why a job with this output has nothing to do."""
    return f"{fspath(output)} is done with these settings"


def _nothing(name: str) -> Collection[str]:
    return ()


@dataclass(frozen=True)
class Verdict:
    """Whether a picture is to be enhanced, and what was seen when that was decided."""

    skip: str = ""
    """Why there is nothing to do; empty when there is."""
    again: str = ""
    """Why it is made anew; empty when it is the first time."""
    input: Stamp | None = None
    before: Stamp | None = None
    """What lies in the output's place."""
    seen: tuple[int, State] | None = None
    """The run and the state of its row, if it has one."""


@frozen
class Resume:
    """Judges the jobs of a run by its manifest; safe to use from several threads."""

    manifest: Manifest
    settings: str
    overwrite: bool = False
    """Enhance whatever has a result, too."""
    earlier: Manifest | None = None
    """Another record of the same folder, where it knows more or newer things."""
    asked: bool = False
    """These jobs were asked for: what is damaged or ended its worker is done, too."""
    idle: Callable[[str], Collection[str]] = _nothing
    """The settings that do not matter to an input, by its name: pictures have no `video`."""

    def judge(self, job: Job) -> Verdict:
        """Decide about one job, and mend its row where a file was only touched or just made."""
        if job.skip:
            return Verdict(skip=job.skip)
        row = self.manifest.row(job.output)
        seen = None if row is None else (row.run, row.state)
        known = None if self.earlier is None else self.earlier.row(job.output)
        for record, one in ((self.manifest, row), (self.earlier, known)):
            if record is not None and one is not None and record.is_at_work(one):
                return Verdict(skip=f"another run is at work on {job.output}")
        if known is not None and (row is None or known.at > row.at):
            row = known
        now, before = stamp(job.input), stamp(job.output)
        do = Verdict(input=now, before=before, seen=seen)
        if self.overwrite:
            return do
        there = before is not None and before.size > 0
        is_link = there and os.path.islink(job.output)  # noqa: PTH114
        if row is None:
            return replace(do, skip=finished(job.output)) if there and not is_link else do
        if there and row.input != fspath(job.input) and self._input_differs(job, row):
            made = f"{job.output} is there already, made from {row.input}"
            return replace(do, skip=f"{made}; --overwrite replaces it")
        match row.state:
            case "deadly" if not self.asked:
                why = f"it ended its worker ({row.error}); `relume runs retry` tries again"
                return replace(do, skip=why)
            case "begun":
                if not there or before == row.before:
                    return do
                row = self._adopted(job, row, before)
            case "failed" | "deadly" | "again":
                if there and not is_link and before not in (row.before, row.output_stamp):
                    why = f"{job.output} was put there since this failed; --overwrite replaces it"
                    return replace(do, skip=why)
                return do
            case "damaged" if there:
                why = f"{job.output} is not what was made; `relume runs retry` makes it anew"
                if self.asked:
                    return replace(do, again=self._with_settings("it was damaged", row))
                return replace(do, skip=why)
            case "done" | "damaged":
                if not there:
                    return replace(do, again=self._with_settings("its result was gone", row))
                if before != row.output_stamp and digest(job.output) != row.output_hash:
                    why = f"{job.output} was changed after it was made; --overwrite replaces it"
                    return replace(do, skip=why)
        return self._by_input(job, row, do)

    def judged(self, job: Job) -> Job:
        """Return a job with the reason to skip it that was found, if any."""
        return job.skipped(self.judge(job).skip)

    def open_to_judgement(self, plan: Plan) -> Plan:
        """Return a plan in which a result that is there is no reason yet to skip its job, and one
        that is as it was made is."""
        jobs = [
            job.skipped("") if job.skip and job.skip == finished(job.output_name) else job
            for job in plan.jobs
        ]
        starts = range(0, len(jobs), PAGE)
        pages = (
            [(job.input_name, job.output_name) for job in jobs[at : at + PAGE]] for at in starts
        )
        for first, done in zip(starts, self.up_to_date(pages), strict=True):
            jobs[first : first + PAGE] = [
                job.skipped(is_done(job.output_name)) if known and not job.skip else job
                for job, known in zip(jobs[first : first + PAGE], done, strict=True)
            ]
        return replace(plan, jobs=tuple(jobs))

    def up_to_date(self, pages: Iterable[Pairs]) -> Iterator[list[bool]]:
        """Tell of each pair of input and output, in pages of a few hundred, whether it needs no
        closer look: done with these settings, and both files as they were.

        Files are asked for by threads, while the next pages are read.
        """
        if self.overwrite:
            yield from ([False] * len(pairs) for pairs in pages)
            return
        from concurrent.futures import Future, ThreadPoolExecutor  # a run of one picture needs none

        asked: deque[Future[list[bool]]] = deque()
        pool = ThreadPoolExecutor(_ASKING)
        try:
            for pairs in pages:
                known = self.manifest.settled([pair[1] for pair in pairs], self.settings)
                asked.append(pool.submit(are_unchanged, pairs, known))
                if len(asked) > _AHEAD:
                    yield asked.popleft().result()
            while asked:
                yield asked.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)

    def _by_input(self, job: Job, row: Row, do: Verdict) -> Verdict:
        """Decide about a result that is as it was made."""
        if do.input != row.input_stamp and self._input_differs(job, row):
            return replace(do, again="its input has changed")
        if row.settings != self.settings:
            why = difference(row.settings, self.settings, self.idle(job.input_name))
            if why:
                return replace(do, again=why)
        if do.input != row.input_stamp or do.before != row.output_stamp:
            self.manifest.restamp(job.output, input=do.input, result=do.before)
        return replace(do, skip=is_done(job.output))

    def _with_settings(self, why: str, row: Row) -> str:
        """Return why a result is made anew, and with what else if it cannot be as it was."""
        if row.settings == self.settings:
            return why
        return f"{why}; {difference(row.settings, self.settings)}"

    def _input_differs(self, job: Job, row: Row) -> bool:
        return row.input_hash is None or digest(job.input) != row.input_hash

    def _adopted(self, job: Job, row: Row, there: Stamp | None) -> Row:
        """Take what was put there just before the process was killed for what was begun."""
        # The content that was read is known only if the input has not changed since.
        same = stamp(job.input) == row.input_stamp
        ending = Ending(
            "done",
            input_hash=digest(job.input) if same else None,
            output_stamp=there,
            output_hash=digest(job.output),
        )
        self.manifest.end(job.output, ending)
        adopted = self.manifest.row(job.output)
        return adopted if adopted is not None else row
