"""Which listed pictures are still to be done, by the manifest and, only where it must, the store.

Asking a store for every result would cost a request for each. So a result that the manifest knows
is trusted (`relume runs verify` reads it), and one it does not know is found when it is put: the
store is told to create it and nothing else.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from relume.runs.manifest import Manifest
from relume.runs.plan import Job
from relume.runs.resume import PAGE, Resume, is_done
from relume.runs.rows import Ending, Row
from relume.runs.treatment import difference
from relume.scale.storage import content, is_address, storage_of
from relume.scale.tasks import Record, Task


@dataclass(frozen=True)
class Judge:
    """Sorts tasks into what is to be done and what is not."""

    manifest: Manifest
    settings: str
    overwrite: bool = False
    asked: bool = False
    """These were asked for: what is damaged, gone or ended its worker is done, too."""

    def __call__(self, tasks: Iterable[Task]) -> Iterator[Task | Record]:
        """Yield each task that is to be done, completed, or the record of one that is not."""
        coming, read = iter(tasks), deque[list[Task]]()

        def files() -> Iterator[list[Task]]:
            while page := list(islice(coming, PAGE)):
                read.append(page)
                yield [task for task in page if _is_of_files(task)]

        for known in self._resume.up_to_date(files()):
            page = read.popleft()
            if len(known) < len(page):
                done = iter(known)
                known = [_is_of_files(task) and next(done) for task in page]
            for task, it_is in zip(page, known, strict=True):
                if it_is:
                    yield Record(task, "skipped", is_done(task.output))
                else:
                    yield self._judged(task)

    def _judged(self, task: Task) -> Task | Record:
        row = self.manifest.row(task.output)
        if row is not None and row.run == self.manifest.run:
            return _named_twice(task, row)
        if not _is_stored(task):
            return self._of_files(task)
        if row is not None and self.manifest.is_at_work(row):
            return Record(task, "skipped", f"another run is at work on {task.output}")
        seen = None if row is None else (row.run, row.state)
        return self._of_a_store(task._replace(seen=seen), row)

    def _of_files(self, task: Task) -> Task | Record:
        verdict = self._resume.judge(Job(Path(task.input), Path(task.output)))
        if verdict.skip:
            return Record(task, "skipped", verdict.skip)
        return task._replace(
            stamp=verdict.input, before=verdict.before, again=verdict.again, seen=verdict.seen
        )

    @property
    def _resume(self) -> Resume:
        return Resume(self.manifest, self.settings, self.overwrite, asked=self.asked)

    def _of_a_store(self, task: Task, row: Row | None) -> Task | Record:
        if task.stamp is None:  # a listing of local folders tells no stamps
            task = task._replace(stamp=storage_of(task.input).stamp(task.input))
        if row is None:
            return task._replace(creates=not self.overwrite)
        if self.overwrite:
            return task
        if row.input != task.input:
            why = f"{task.output} is there already, made from {row.input}"
            return Record(task, "skipped", f"{why}; --overwrite replaces it")
        match row.state:
            case "deadly" | "damaged" if not self.asked:
                why = row.error or "it is not what was made"
                return Record(task, "skipped", f"{why}; `relume runs retry` tries again")
            case "begun":
                there = storage_of(task.output).stamp(task.output)
                if there is None or there == row.before or row.input_stamp != task.stamp:
                    return task._replace(before=there)
                ending = Ending("done", row.input_hash, there, content(task.output), row.method)
                self.manifest.end(task.output, ending)
            case "failed" | "again" | "deadly" | "damaged":
                return task._replace(before=storage_of(task.output).stamp(task.output))
            case "done" if self.asked and storage_of(task.output).stamp(task.output) is None:
                return task._replace(again="its result was gone")
            case "done":
                pass
        return self._by_input(task, row)

    def _by_input(self, task: Task, row: Row) -> Task | Record:
        why = ""
        if row.input_stamp != task.stamp:
            why = "its input has changed"
        elif row.settings != self.settings:
            why = difference(row.settings, self.settings)
        if not why:
            return Record(task, "skipped", is_done(task.output))
        return task._replace(again=why, before=row.output_stamp)


def _is_of_files(task: Task) -> bool:
    """Tell whether no name can be an address; to ask each whether it is one takes long."""
    return "://" not in task.input and "://" not in task.output


def _is_stored(task: Task) -> bool:
    return is_address(task.input) or is_address(task.output)


def _named_twice(task: Task, row: Row) -> Record:
    """Return the record of a task whose output this run has begun already."""
    if row.input == task.input:
        return Record(task, "skipped", f"{task.input} was named twice")
    why = f"{row.input} and {task.input} would both become {task.output}"
    return Record(task, "failed", f"{why}; enhance them into two folders")
