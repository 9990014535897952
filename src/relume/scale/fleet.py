"""Tasks to the workers of a Ray cluster, records back: retried, counted, never held as a whole.

Each worker is an actor that holds one enhancer and does one picture at a time. It has two tasks at
most, so that it need not wait and the driver holds few, however many pictures there are. What ends
a worker is told by the order: it does its tasks one after another, so the first that has not come
back is to blame. Ray's own retries are off: they have no end and do not say what they repeat.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Self

from relume.errors import ContractError, RelumeError
from relume.extras import need
from relume.runs.treatment import Treatment
from relume.scale.tasks import Record, Task
from relume.scale.worker import Worker

DEPTH = 2
"""Tasks a worker has at most: one it does and one that waits for it."""
DEADLY = 3
"""Workers that one picture may end."""
STORE_BYTES = 80 * 2**20
"""Of Ray's shared memory on one machine; only words go through it."""
_SECONDS = 1.0


@dataclass
class _Crew:
    """One worker and what it has to do, in order."""

    actor: Any
    tasks: deque[tuple[Any, Task]] = field(default_factory=deque[tuple[Any, Task]])


def check_cluster(address: str) -> None:
    """Raise ContractError for what is no cluster of Ray."""
    if address != "ray" and not address.startswith("ray://"):
        raise ContractError(f"--on wants ray or ray://HOST:PORT, got {address!r}")


class Fleet:
    """A cluster with workers, open as long as the block lasts.

    with Fleet("ray", treatment, workers=2) as fleet:
        for record in fleet.records(tasks, begin=...): ...
    """

    def __init__(
        self,
        address: str,
        treatment: Treatment,
        *,
        workers: int | None,
        memory: int | None = None,
    ) -> None:
        """`address` is "ray" for a cluster on this machine, or ray://HOST:PORT.

        `workers` are as many as there are processors unless set; `memory` in bytes is what Ray
        sets aside for each. Raises: MissingExtraError; ContractError for another address.
        """
        check_cluster(address)
        self._ray: Any = need("ray", extra="scale")
        self._address = None if address == "ray" else address
        self._treatment = treatment
        self._workers = workers
        self._memory = memory
        self._crews: list[_Crew] = []

    def __enter__(self) -> Self:
        ray = self._ray
        local = {} if self._address else {"object_store_memory": STORE_BYTES}
        if self._address is None and self._workers is not None:
            local["num_cpus"] = self._workers * self._cores
        try:
            ray.init(
                address=self._address,
                include_dashboard=None if self._address else False,
                log_to_driver=False,
                logging_level="ERROR",
                configure_logging=False,
                **local,
            )
        except Exception as error:  # on a busy machine Ray gives up with one that has no class
            ray.shutdown()
            raise ContractError(f"no Ray cluster to work on: {_first_line(error)}") from error
        try:
            count = self._workers or max(
                1, int(ray.cluster_resources().get("CPU", 1)) // self._cores
            )
            self._crews = [self._crew() for _ in range(count)]
            self._greet()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the workers, and the cluster if it was started here."""
        for crew in self._crews:
            with suppress(Exception):
                self._ray.kill(crew.actor)
        self._ray.shutdown()

    def records(
        self, tasks: Iterable[Task | Record], *, begin: Callable[[Task], bool]
    ) -> Iterator[Record]:
        """Yield a record for every task, as they end; a record among the tasks is passed on.

        `begin` is called once with each task, just before it is given out, and before the next is
        taken from `tasks`, so that those can tell what has been given out. Where it says no,
        another driver was faster, and the task is left to that.
        """
        coming, again = iter(tasks), deque[Task]()
        exhausted = False
        while True:
            for crew in self._crews:
                room = DEPTH - len(crew.tasks)
                while room and (again or not exhausted):
                    is_begun = bool(again)
                    task = again.popleft() if is_begun else next(coming, None)
                    if isinstance(task, Record):
                        yield task
                    elif task is None:
                        exhausted = True
                    elif not is_begun and not begin(task):
                        why = f"another run is at work on {task.output}"
                        yield Record(task._replace(creates=False), "skipped", why)
                    else:
                        crew.tasks.append((crew.actor.do.remote(task), task))
                        room -= 1
            waiting = [reference for crew in self._crews for reference, _ in crew.tasks]
            if not waiting:
                if exhausted and not again:
                    return
                continue
            self._ray.wait(waiting, num_returns=1, timeout=_SECONDS)
            for index, crew in enumerate(self._crews):
                yield from self._collected(index, crew, again)

    def _collected(self, index: int, crew: _Crew, again: deque[Task]) -> Iterator[Record]:
        """Yield what a worker has finished; replace it if it has ended."""
        while crew.tasks:
            reference, task = crew.tasks[0]
            ready, _ = self._ray.wait([reference], timeout=0)
            if not ready:
                return
            try:
                record: Record = self._ray.get(reference)
            except self._ray.exceptions.RayActorError as error:
                crew.tasks.popleft()
                again.extend(other for _, other in crew.tasks)
                self._crews[index] = self._crew()
                blamed = task.after_a_death()
                if blamed.attempts < DEADLY:
                    again.appendleft(blamed)
                else:
                    why = f"ended its worker {DEADLY} times: {_first_line(error)}"
                    yield Record(blamed, "deadly", why)
                return
            crew.tasks.popleft()
            yield record

    @property
    def _cores(self) -> int:
        return self._treatment.threads or 1

    def _crew(self) -> _Crew:
        options = {"num_cpus": self._cores, "max_restarts": 0, "max_task_retries": 0}
        if self._memory is not None:
            options["memory"] = self._memory
        return _Crew(self._ray.remote(**options)(Worker).remote(self._treatment))

    def _greet(self) -> None:
        """Wait for the first worker, so that what ends every worker is told at once."""
        try:
            self._ray.get(self._crews[0].actor.ready.remote())
        except self._ray.exceptions.RayActorError as error:
            cause = getattr(error, "cause", None)
            if isinstance(cause, RelumeError):
                raise cause from error
            raise ContractError(f"no worker could be opened: {_last_line(error)}") from error


def _first_line(error: BaseException) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__)[:200]


def _last_line(error: BaseException) -> str:
    return str(error).strip().splitlines()[-1][:200] if str(error).strip() else "unknown"
