"""What a worker does with one picture after another; it knows nothing of who gives them out."""

from __future__ import annotations

from io import BytesIO
from time import perf_counter

from relume.errors import RelumeError
from relume.io.copying import copied
from relume.io.formats import format_of
from relume.io.source import MAX_BYTES
from relume.photo import Photo
from relume.runs.batch import LEFT_ALONE
from relume.runs.treatment import Treatment
from relume.runtime.enhancer import Enhanced
from relume.scale.storage import content, digest, storage_of
from relume.scale.tasks import Record, Task


class Named(BytesIO):
    """Bytes that messages can name."""

    def __init__(self, data: bytes, name: str) -> None:
        super().__init__(data)
        self.name = name


class Worker:
    """Holds one enhancer, opened once, and gives a record for every task; it never raises."""

    def __init__(self, treatment: Treatment) -> None:
        """Raises: RelumeError for a treatment that cannot be."""
        self._treatment = treatment
        self._work = treatment.work(treatment.enhancer())
        self._max_bytes = treatment.limits.get("max_bytes", MAX_BYTES)

    def ready(self) -> bool:
        """Return True, once the enhancer is open."""
        return True

    def do(self, task: Task) -> Record:
        """Read, enhance and store one picture."""
        start = perf_counter()
        try:
            return self._do(task, start)
        except FileExistsError:
            where = f"{task.output} is there already; --overwrite replaces it"
            return Record(task, "skipped", where)
        except RelumeError as error:
            return Record(task, "failed", str(error))
        except MemoryError:
            return Record(task, "failed", "out of memory")
        except Exception as error:  # one picture must not end a worker, whatever is wrong with it
            return Record(task, "failed", f"unexpected {type(error).__name__}: {error}")

    def _do(self, task: Task, start: float) -> Record:
        source, target = storage_of(task.input), storage_of(task.output)
        if task.attempts and (there := target.stamp(task.output)) not in (None, task.before):
            # The worker that ended had just put it there, whole: it is not made twice.
            return Record(
                task,
                "done",
                output_stamp=there,
                output_hash=content(task.output),
                notes=("made before its worker ended",),
            )
        data = source.load(task.input, max_bytes=self._max_bytes)
        photo = self._work.read(Named(data, task.input))
        enhanced = self._work.enhancer.photo(photo)
        result, notes = self._encoded(task, data, photo, enhanced)
        stamp = target.put(task.output, result, creates=task.creates)
        again = (f"made anew: {task.again}",) if task.again else ()
        return Record(
            task,
            "done",
            method=enhanced.method,
            reason=enhanced.reason,
            seconds=round(perf_counter() - start, 4),
            width=photo.width,
            height=photo.height,
            notes=(*notes, *again),
            input_hash=digest(data),
            output_stamp=stamp,
            output_hash=digest(result),
        )

    def _encoded(
        self, task: Task, data: bytes, photo: Photo, enhanced: Enhanced
    ) -> tuple[bytes, tuple[str, ...]]:
        """Return the bytes of a result, those of the input where it was left alone, and notes."""
        if self._work.copy is not None and enhanced.method == LEFT_ALONE:
            left = copied(photo, data, task.output, metadata=self._treatment.metadata)
            if left is not None:
                return left
        buffer = BytesIO()
        notes = self._work.write(enhanced.photo, buffer, format=format_of(task.output))
        return buffer.getvalue(), (*photo.notes, *notes)
