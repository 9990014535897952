"""What a run will cost, from a sample of its own pictures, measured here.

    core-hours = pictures · mean core-seconds / 3600
    storage    = pictures · mean bytes of a result
    requests   = per picture one read, and one write that creates; one list per thousand pictures

The interval of the mean is ± 1.96 standard errors: what another sample of the same size would
mostly give. It does not know about another machine, other settings, or slow stores.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from io import BytesIO
from math import sqrt
from random import Random
from time import process_time

from relume.errors import UnreadableError
from relume.io.formats import format_of
from relume.io.source import MAX_BYTES
from relume.runs.batch import FileWork
from relume.runs.treatment import Treatment
from relume.scale.storage import is_address, storage_of
from relume.scale.tasks import Task
from relume.scale.worker import Named

LISTED = 1000
"""Objects that one listing request returns."""
_SEED = 7


@dataclass(frozen=True)
class Sampled:
    """One picture that was read, enhanced and encoded here, and thrown away."""

    core_seconds: float
    megapixels: float
    read_bytes: int
    written_bytes: int


@dataclass(frozen=True)
class Cost:
    """What a run over `pictures` will cost, as far as `sample` tells."""

    pictures: int
    sample: tuple[Sampled, ...]
    unreadable: int
    reads: int
    """Requests to read objects; 0 where the pictures are files."""
    writes: int
    lists: int

    def mean(self, what: str) -> float:
        """Return the mean of one number of the sample."""
        return sum(getattr(one, what) for one in self.sample) / len(self.sample)

    def error(self, what: str) -> float:
        """Return 1.96 standard errors of that mean; infinite for one picture."""
        count, mean = len(self.sample), self.mean(what)
        if count < 2:
            return float("inf")
        spread = sum((getattr(one, what) - mean) ** 2 for one in self.sample) / (count - 1)
        return 1.96 * sqrt(spread / count)

    @property
    def core_hours(self) -> float:
        """Hours one core would work."""
        return self.pictures * self.mean("core_seconds") / 3600


def measure(tasks: Iterable[Task], treatment: Treatment, *, sample: int) -> Cost:
    """Count the pictures of a run and measure some of them, drawn evenly from all.

    Raises: UnreadableError when there is none, or none of the sample can be read.
    """
    draw, drawn, pictures = Random(_SEED), list[Task](), 0
    for task in tasks:  # every picture has the same chance, and none but the sample is kept
        pictures += 1
        if len(drawn) < sample:
            drawn.append(task)
        elif (place := draw.randrange(pictures)) < sample:
            drawn[place] = task
    if not drawn:
        raise UnreadableError("no pictures there to plan for; -r looks into folders inside folders")
    work = treatment.work(treatment.enhancer())
    measured: list[Sampled] = []
    unreadable = 0
    warm = False
    for task in drawn:
        try:
            if not warm:  # opening a method is paid once for each worker
                _one(task, work)
                warm = True
            measured.append(_one(task, work))
        except Exception:  # a bad picture costs little, and the run itself will tell of it
            unreadable += 1
    if not measured:
        raise UnreadableError("none of the sampled pictures can be read")
    stored = is_address(drawn[0].input)
    return Cost(
        pictures,
        tuple(measured),
        unreadable,
        reads=2 * pictures if stored else 0,
        writes=2 * pictures if is_address(drawn[0].output) else 0,
        lists=-(-pictures // LISTED) if stored else 0,
    )


def _one(task: Task, work: FileWork) -> Sampled:
    data = storage_of(task.input).load(task.input, max_bytes=MAX_BYTES)
    start = process_time()
    photo = work.read(Named(data, task.input))
    buffer = BytesIO()
    work.write(work.enhancer.photo(photo).photo, buffer, format=format_of(task.output))
    return Sampled(
        process_time() - start,
        photo.width * photo.height / 1e6,
        len(data),
        buffer.getbuffer().nbytes,
    )
