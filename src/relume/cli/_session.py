"""A run over files of this machine: judged by its record, done or only told, and watched on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from relume.cli._running import enhance_files
from relume.cli._video import suffixes, with_videos
from relume.frozen import frozen

if TYPE_CHECKING:
    from relume.cli._report import Report
    from relume.runs.batch import FileWork, Work
    from relume.runs.plan import Job, Plan
    from relume.runs.resume import Resume
    from relume.runtime import Enhancer
    from relume.video.options import Options


@frozen
class Session:
    """What is to be done with the pictures and videos of a plan."""

    planned: Plan
    seen: Plan
    """All that a series looks at; more than is planned where some of it is made again."""
    plan_now: Callable[[], Plan]
    work: FileWork
    enhancer: Enhancer
    options: Options
    report: Report
    workers: int | None

    def __call__(
        self, resume: Resume | None, *, series: bool, dry_run: bool, folders: Sequence[Path]
    ) -> None:
        """Do it, or only tell it, and go on with what arrives in the folders, if there are any.

        Raises: KeyboardInterrupt, once files that were being written are whole.
        """
        from relume.runs.left import clear_up

        planned, judge = self.planned, _kept
        if resume is not None:
            planned, judge = resume.open_to_judgement(planned), resume.judged
        if dry_run:
            for job in planned.jobs:
                self.report.planned(judge(job))
            return
        maps = [] if self.work.maps is None else [str(self.work.maps.folder)]
        clear_up(planned.jobs, None if resume is None else resume.manifest, beside=maps)
        is_due = series and not all(judge(job).skip for job in planned.jobs)
        doing = self._work(resume, is_series=is_due)
        enhance_files(planned, work=doing, report=self.report, workers=self.workers)
        if folders and resume is not None:
            from relume.cli._watch import enhance_arrivals

            go_on = partial(enhance_files, work=doing, report=self.report, workers=self.workers)
            enhance_arrivals(folders, self.plan_now, resume, go_on)

    def _work(self, resume: Resume | None, *, is_series: bool) -> Work:
        from relume.runs.recorded import Recorded

        pictures = self.work
        if is_series:
            from relume.runs.series import survey

            stills = [job for job in self.seen.jobs if job.input.suffix.lower() not in suffixes()]
            pictures = survey(stills, self.work, self.enhancer, workers=self.workers or 2)
        both = with_videos(pictures, self.enhancer, self.options, style=self.report.style)
        return both if resume is None else Recorded(both, resume)


def _kept(job: Job) -> Job:
    """Return a job as it was planned: no manifest knows better."""
    return job
