"""Work that first asks the manifest whether it is to be done, and records what became of it."""

from __future__ import annotations

from dataclasses import replace
from os import fspath

from relume.frozen import frozen
from relume.runs.batch import CalledOff, Done, Gate, Skipped, Work
from relume.runs.plan import Job
from relume.runs.resume import Resume, Verdict
from relume.runs.rows import Ending
from relume.runs.stamp import digest, stamp


@frozen
class Recorded:
    """What `Run` does with each job of a run that has a manifest."""

    work: Work
    resume: Resume

    def __call__(self, job: Job, gate: Gate) -> Done | Skipped:
        """Do a job if it is to be done. Raises: what the work raises; UnwritableError."""
        manifest = self.resume.manifest
        while True:  # once, but where another run works on the same folder
            verdict = self.resume.judge(job)
            if verdict.skip:
                return Skipped(job.skipped(verdict.skip))
            begun = (job.output, fspath(job.input), verdict.input, verdict.before)
            if manifest.claim(begun, seen=verdict.seen):
                break
        try:
            done = self.work(job, gate)
        except CalledOff:  # the row says that it was begun, and nothing was written
            raise
        except Exception as error:
            # With what lies there now, so that what somebody puts there later is known as theirs.
            there = stamp(job.output)
            manifest.end(job.output, Ending("failed", output_stamp=there, error=str(error)))
            raise
        if isinstance(done, Skipped):
            return done
        manifest.end(job.output, self._ending(done, verdict))
        again = (f"made anew: {verdict.again}",) if verdict.again else ()
        return replace(done, notes=(*done.notes, *again))

    def _ending(self, done: Done, verdict: Verdict) -> Ending:
        source, result = done.job.input, done.job.output
        content = digest(source)
        return Ending(
            "done",
            # What changed while it was read has an unknown content.
            input_hash=content if stamp(source) == verdict.input else None,
            output_stamp=stamp(result),
            output_hash=digest(result),
            method=done.method,
            seconds=round(done.seconds, 4),
        )
