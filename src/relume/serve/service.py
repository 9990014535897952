"""All that a running service holds."""

from __future__ import annotations

import asyncio
from time import monotonic

import numpy as np

from relume.errors import ContractError, RelumeError, TooLargeError
from relume.io import encode
from relume.io.reading import check_pixels
from relume.photo import Photo
from relume.serve.budget import Budget
from relume.serve.cost import cost
from relume.serve.job import Job, Result
from relume.serve.metrics import Metrics
from relume.serve.pool import Pool
from relume.serve.problems import Problem
from relume.serve.settings import MIB, Settings
from relume.serve.spool import Spool
from relume.serve.task import Task
from relume.serve.watch import own_memory, watch

UPLOADS = 0.25
"""Share of the memory that is not needed at rest for uploads that arrive or wait."""
LEAST = 96 * MIB
"""What must be left for pictures."""
OWN_GROWTH = 32 * MIB
"""What the service itself takes when many connections are open."""
READY_LIMIT = 15.0
"""Seconds after which the service is not ready."""
READY_FOR = 1.0
"""Seconds for which one look at readiness counts, however often it is asked for."""


class Service:
    """Budgets, workers and counts."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.metrics = Metrics()
        self.uploads = Budget(0)
        self.pool = Pool(settings, Budget(0), self.metrics)
        self._watch: asyncio.Task[None] | None = None
        self._readiness: asyncio.Task[float] | None = None
        self._ready_at = float("-inf")

    async def start(self) -> None:
        """Start the workers and share out the memory. Raises: RelumeError."""
        try:
            await self.pool.start(lambda resting: self._left(resting * self.settings.workers))
            processes = [slot.process for slot in self.pool.slots if slot.process is not None]
            left = self._left(sum(process.resting for process in processes))
        except RelumeError:
            await self.pool.close()
            raise
        self.uploads = Budget(int(left * UPLOADS))
        self.pool.work = Budget(left - self.uploads.total)
        for share, budget in (("uploads", self.uploads), ("work", self.pool.work)):
            self.metrics.budget.labels(share).set(budget.total)
        looking = watch(
            self.pool, self.metrics, budget=self.settings.memory, held=self._held_outside
        )
        self._watch = asyncio.create_task(looking)

    def _left(self, resting: int) -> int:
        """Return what workers that take so much at rest leave for pictures.

        Raises: ContractError when that is too little.
        """
        rest = own_memory() + OWN_GROWTH + resting
        left = self.settings.memory - rest
        if left < LEAST:
            raise ContractError(
                f"memory: the service and its {self.settings.workers} workers need {rest // MIB} "
                f"MiB at rest and {LEAST // MIB} for pictures, --memory allows "
                f"{self.settings.memory // MIB}; give more, or fewer --workers"
            )
        return left

    async def close(self) -> None:
        """End the workers."""
        if self._watch is not None:
            self._watch.cancel()
        await self.pool.close()

    def _held_outside(self) -> int:
        """Return the bytes of uploads and results, which no process maps."""
        used = self.pool.work.total - self.pool.work.free
        at_work = sum(slot.granted for slot in self.pool.slots if slot.job is not None)
        return self.uploads.total - self.uploads.free + max(0, used - at_work)

    def check(self, task: Task, width: int, height: int, first: bytes) -> None:
        """Refuse what will never fit, as soon as its size is known. Raises: TooLargeError."""
        check_pixels("the upload", width, height, max_pixels=self.settings.max_pixels)
        needed = cost(task, first, width=width, height=height)
        if needed > self.pool.work.total:
            raise TooLargeError(self.pool.work.never(f"{width} × {height} pixels", needed))

    async def do(self, job: Job) -> Result:
        """Have a job done. Raises: Problem."""
        result = await self.pool.do(job)
        for stage, seconds in result.account.get("seconds", {}).items():
            self.metrics.stages.labels(stage).observe(seconds)
        if job.task.kind == "enhance":
            self.metrics.pictures.labels(result.account["method"]).inc()
        return result

    async def readiness(self) -> float:
        """Enhance a tiny picture as any other; return the seconds. Raises: Problem."""
        if self._readiness is None or (
            self._readiness.done() and monotonic() - self._ready_at > READY_FOR
        ):
            self._readiness = asyncio.create_task(self._try())
        return await asyncio.shield(self._readiness)

    async def _try(self) -> float:
        begun = monotonic()
        try:
            with Spool() as spool:
                spool.append(_tiny())
                async with asyncio.timeout(READY_LIMIT):
                    job = Job(Task(method="relume"), spool, b"\xff\xd8\xff")
                    (await self.pool.do(job)).close()
            return monotonic() - begun
        except TimeoutError:
            words = f"a picture of 16 × 16 was not done within {READY_LIMIT:g} s"
            raise Problem("busy", words, {"Retry-After": "5"}) from None
        finally:
            self._ready_at = monotonic()


def _tiny() -> bytes:
    ramp = np.arange(16 * 16 * 3, dtype=np.uint8).reshape(16, 16, 3) // 8
    return encode(Photo(ramp), format="jpeg")
