"""Many pictures at once: threads that each read, enhance and write one, reported in order."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Condition, Thread, get_ident
from threading import enumerate as threads
from time import perf_counter
from typing import TYPE_CHECKING, Any, Protocol, Self, TypeAlias

from relume.errors import UnwritableError
from relume.frozen import frozen
from relume.io.atomic import refuse_link
from relume.runs.map_pictures import MapsFolder, as_pictures
from relume.runs.plan import Job

if TYPE_CHECKING:
    from relume.arrays import Map
    from relume.photo import Photo
    from relume.runtime.enhancer import Enhanced

LEFT_ALONE = "identity"
"""The method that changes nothing."""

_WORKER = "relume-picture"
"""Name of the threads."""
_POLL = 0.2
"""Seconds between looks at the clock; an endless wait could not be interrupted on Windows."""
_NO_SPACE = {errno.ENOSPC, errno.EDQUOT}


@frozen
class Done:
    """A picture that was enhanced and written."""

    job: Job
    method: str
    knobs: Mapping[str, float]
    reason: str
    seconds: float
    """From opening the input to the finished output."""
    width: int
    height: int
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Skipped:
    """A picture with nothing to do; its job says why."""

    job: Job


@frozen
class Failed:
    """A picture that could not be read, enhanced or written."""

    job: Job
    error: Exception

    @property
    def disk_is_full(self) -> bool:
        """Whether the pictures that follow would fail too."""
        error: BaseException | None = self.error
        while error is not None:
            if isinstance(error, OSError) and error.errno in _NO_SPACE:
                return True
            error = error.__cause__ or error.__context__
        return False


Outcome: TypeAlias = Done | Skipped | Failed


class CalledOff(Exception):  # noqa: N818 (not an error)
    """The run ended before this picture was written."""


class Gate:
    """Jobs pass it before they write; once it is shut none does, and those inside have ended."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._inside: set[int] = set()
        self._shut = False

    @property
    def is_shutting(self) -> bool:
        """Whether what is inside should come to an end soon."""
        return self._shut

    def enter(self) -> None:
        """Let this thread's job write. Raises: CalledOff when the gate is shut."""
        with self._changed:
            if self._shut:
                raise CalledOff
            self._inside.add(get_ident())

    def leave(self) -> None:
        """Note that this thread's job has ended, whether it ever entered or not."""
        with self._changed:
            self._inside.discard(get_ident())
            self._changed.notify_all()

    def shut(self) -> None:
        """Let no further job write, and wait for those that are writing."""
        with self._changed:
            self._shut = True
            while self._inside:
                self._changed.wait(_POLL)


class Enhances(Protocol):
    """What makes a better photo of one, as `Enhancer` does."""

    def photo(self, photo: Photo) -> Enhanced: ...

    def maps(self, photo: Photo) -> dict[str, Map]: ...


Work: TypeAlias = Callable[[Job, Gate], Done | Skipped]
"""What is done to one job: it raises what went wrong, and CalledOff where the gate is shut."""


@frozen
class FileWork:
    """What is done to each picture of a run; safe to use from several threads."""

    enhancer: Enhances
    read: Callable[[Any], Photo]
    """From a path or a stream."""
    write: Callable[..., tuple[str, ...]]
    """Photo and path or stream → what the format could not keep."""
    copy: Callable[[Photo, Path, Path], tuple[str, ...] | None] | None = None
    """Copies the file of a photo that was left alone, or returns None where it cannot; None where
    results are to be written anew."""
    sidecars: Callable[..., tuple[str, ...]] | None = None
    """Copies what lies beside the input, `sidecars.put`; None where metadata are not to be kept."""
    maps: MapsFolder | None = None
    """Where the method's intermediate results go, if anywhere."""

    def __call__(self, job: Job, gate: Gate) -> Done:
        """Read, enhance and write one picture.

        Raises: RelumeError of any kind; CalledOff.
        """
        start = perf_counter()
        refuse_link(job.output)
        photo = self.read(job.input)
        enhanced = self.enhancer.photo(photo)
        maps = as_pictures(self.enhancer.maps(photo)) if self.maps is not None else {}
        gate.enter()
        make_folder(job.output.parent)
        notes = self._put(job, photo, enhanced)
        if self.maps is not None:
            make_folder(self.maps.folder)
            self.maps.put(job.input, maps)
        return Done(
            job=job,
            method=enhanced.method,
            knobs=enhanced.knobs,
            reason=enhanced.reason,
            seconds=perf_counter() - start,
            width=photo.width,
            height=photo.height,
            notes=notes,
        )

    def _put(self, job: Job, photo: Photo, enhanced: Enhanced) -> tuple[str, ...]:
        """Write a result, or copy what was left alone; return what is to be told."""
        refuse_link(job.output)  # which may have come while it was enhanced
        if self.copy is not None and enhanced.method == LEFT_ALONE:
            copied = self.copy(photo, job.input, job.output)
            if copied is not None:  # nothing of what was noted on reading holds for a copy
                return (*copied, *self._put_sidecars(job, photo, copied=True))
        notes = self.write(enhanced.photo, job.output)
        return (*photo.notes, *notes, *self._put_sidecars(job, photo, copied=False))

    def _put_sidecars(self, job: Job, photo: Photo, *, copied: bool) -> tuple[str, ...]:
        if self.sidecars is None or not job.input.name or not job.output.name:
            return ()
        return self.sidecars(job.input, job.output, photo, copied=copied)


class Run:
    """All jobs, done on `workers` threads, one picture in memory for each.

        with Run(jobs, work, workers=2) as run:
            for outcome in run.outcomes(): ...

    Leaving the block by an exception leaves no file half written and does not wait for pictures
    that are still being enhanced. A full disk starts no further job: the outcomes then end early.
    """

    def __init__(self, jobs: Sequence[Job], work: Work, *, workers: int) -> None:
        self._jobs = jobs
        self._work = work
        self._gate = Gate()
        self._changed = Condition()
        self._next = 0
        self._end = len(jobs)
        self._outcomes: dict[int, Outcome] = {}
        # Daemons, because a network may run long after the run was called off.
        self._threads = [
            Thread(target=self._serve, name=_WORKER, daemon=True)
            for _ in range(min(workers, len(jobs)))
        ]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self.call_off()
        if kind is None:
            for thread in self._threads:
                thread.join()

    def outcomes(self) -> Iterator[Outcome]:
        """Yield the outcome of every job that was begun, in the order of the jobs."""
        index = 0
        while True:
            with self._changed:
                while index not in self._outcomes:
                    if index >= self._end:
                        return
                    self._changed.wait(_POLL)
                outcome = self._outcomes.pop(index)
            yield outcome
            index += 1

    def call_off(self) -> None:
        """Start nothing more, and wait for files that are being written."""
        with self._changed:
            self._end = self._next
        self._gate.shut()

    def unreported(self) -> list[Outcome]:
        """Return, after the run was called off, what was finished and not yet yielded."""
        with self._changed:
            return [self._outcomes.pop(index) for index in sorted(self._outcomes)]

    def _serve(self) -> None:
        """Take jobs until there are none; the body of a thread."""
        while True:
            with self._changed:
                if self._next >= self._end:
                    return
                index = self._next
                self._next += 1
            try:
                outcome = self._do(self._jobs[index])
                with self._changed:
                    if isinstance(outcome, Failed) and outcome.disk_is_full:
                        self._end = self._next
                    self._outcomes[index] = outcome
                    self._changed.notify_all()
            except CalledOff:
                return
            finally:
                # Not before its outcome can be reported; and always, as the gate waits for it.
                self._gate.leave()

    def _do(self, job: Job) -> Outcome:
        if job.skip:
            return Skipped(job)
        try:
            return self._work(job, self._gate)
        except CalledOff:
            raise
        except Exception as error:  # one picture must not end the run, whatever is wrong with it
            return Failed(job, error)


def make_folder(folder: Path) -> None:
    """Make a folder and those above it. Raises: UnwritableError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UnwritableError(
            f"{folder}: this folder cannot be made: {error.strerror or error}; choose another -o"
        ) from error


def is_at_work() -> bool:
    """Tell whether a run that was called off is still enhancing a picture."""
    return any(thread.name == _WORKER for thread in threads())
