"""Workers in processes that can be killed, each with a connection of its own.

Nothing is shared between workers, so one that dies, whenever it does, takes only its own task
with it. A worker is replaced when it died, when its task took too long or its client left, and
after MOST_TASKS.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from time import monotonic

from relume.errors import RelumeError
from relume.io.reading import check_pixels
from relume.render.bands import thread_count
from relume.serve.budget import Budget
from relume.serve.cost import cost
from relume.serve.job import Job, Result
from relume.serve.messages import ClosedError, Message
from relume.serve.metrics import Metrics
from relume.serve.problems import Problem, busy
from relume.serve.process import Process
from relume.serve.settings import Settings

GRACE = 0.5
"""Seconds that a task whose client has left may still take: starting a worker takes longer."""
MOST_TASKS = 2000
START_LIMIT = 30.0
"""Seconds after which a worker that is not ready is tried again."""
PAUSE = 1.0
"""Seconds between two tries to start one that does not."""


class Slot:
    """The place of one worker."""

    def __init__(self) -> None:
        self.process: Process | None = None
        self.job: Job | None = None
        self.tasks = 0
        self.granted = 0
        """Bytes its task may take beyond the worker's own."""
        self.asked = False
        """It has opened the picture and asked for memory."""
        self.overran = False
        """It was killed for taking more."""


class Pool:
    """Takes jobs, has them done, and keeps its workers alive."""

    def __init__(self, settings: Settings, work: Budget, metrics: Metrics) -> None:
        self._settings = settings
        self.work = work
        self._metrics = metrics
        self.slots = [Slot() for _ in range(settings.workers)]
        self._line: deque[Job] = deque()
        self._arrived = asyncio.Condition()
        self._tasks: list[asyncio.Task[None]] = []
        self._usual = 0.5
        """Seconds of a task lately, for Retry-After."""

    async def start(self) -> None:
        """Start all workers and wait until they are ready. Raises: RelumeError."""
        await asyncio.gather(*(self._start(slot) for slot in self.slots))
        if any(slot.process is None for slot in self.slots):
            raise RelumeError("a worker does not start; `relume doctor` says what is missing")
        self._tasks = [asyncio.create_task(self._serve(slot)) for slot in self.slots]

    async def close(self) -> None:
        """End all workers."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.gather(*(s.process.dismiss() for s in self.slots if s.process is not None))

    @property
    def waiting(self) -> int:
        """How many jobs wait for a worker."""
        return sum(not job.answer.done() for job in self._line)

    def check_room(self) -> None:
        """Refuse one more job when the line is full. Raises: Problem."""
        waiting = self.waiting
        if waiting >= self._settings.queue:
            seconds = waiting * self._usual / len(self.slots)
            raise busy(seconds, f"{waiting} pictures are waiting already")

    async def do(self, job: Job) -> Result:
        """Have a job done. Cancelled, it is dropped or its worker killed. Raises: Problem."""
        self.check_room()
        async with self._arrived:
            self._line.append(job)
            self._arrived.notify()
        self._metrics.waiting.set(self.waiting)
        return await job.answer

    async def _serve(self, slot: Slot) -> None:
        while True:
            if slot.process is None:
                await self._start(slot)
                if slot.process is None:
                    await asyncio.sleep(PAUSE)
                continue
            job = await self._next(slot.process)
            if job is None:
                self._replace(slot, "died idle")
            elif not job.answer.done():
                self._metrics.working.inc()
                slot.job, slot.overran = job, False
                begun = monotonic()
                await self._attend(slot, job)
                self._usual += 0.1 * (monotonic() - begun - self._usual)
                slot.job = None
                self._metrics.working.dec()
                await self._recycle(slot)

    async def _recycle(self, slot: Slot) -> None:
        """Count a task, and end a worker that has done enough: whatever leaks, leaks so far."""
        slot.tasks += 1
        if slot.process is not None and slot.tasks >= MOST_TASKS:
            await slot.process.dismiss()
            slot.process = None
            self._metrics.ended.labels("recycled").inc()

    async def _start(self, slot: Slot) -> None:
        slot.tasks = 0
        process = Process(self._settings.engine)
        try:
            async with asyncio.timeout(START_LIMIT):
                await process.ready()
        except (ClosedError, TimeoutError):
            process.kill()
            self._metrics.ended.labels("did not start").inc()
            return
        except asyncio.CancelledError:
            process.kill()
            raise
        slot.process = process

    def _replace(self, slot: Slot, reason: str) -> str:
        """Kill a slot's worker, count why, and say how it had ended."""
        assert slot.process is not None
        ended = slot.process.kill()
        slot.process = None
        self._metrics.ended.labels(reason).inc()
        return ended

    async def _next(self, process: Process) -> Job | None:
        """Wait for a job; None when the idle worker ends first."""
        gone = asyncio.ensure_future(process.gone())
        taken = asyncio.ensure_future(self._take())
        try:
            await asyncio.wait({gone, taken}, return_when=asyncio.FIRST_COMPLETED)
            if not gone.done():
                return await taken
            if taken.done():  # both at once: the job is for another worker
                await self._return(taken.result())
            return None
        finally:
            for one in (gone, taken):
                one.cancel()
            await asyncio.gather(gone, taken, return_exceptions=True)

    async def _take(self) -> Job:
        async with self._arrived:
            await self._arrived.wait_for(lambda: bool(self._line))
            job = self._line.popleft()
            self._metrics.waiting.set(self.waiting)
            return job

    async def _return(self, job: Job) -> None:
        async with self._arrived:
            self._line.appendleft(job)
            self._arrived.notify()

    async def _attend(self, slot: Slot, job: Job) -> None:
        """Have a job done by a slot's worker, or kill it when time or client are gone."""
        talk = asyncio.ensure_future(self._talk(slot, job))
        try:
            await asyncio.wait({talk, job.answer}, return_when=asyncio.FIRST_COMPLETED)
            if not talk.done():
                await asyncio.wait({talk}, timeout=GRACE)
            if not talk.done():
                self._replace(slot, "client left")
        finally:
            talk.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await talk

    async def _talk(self, slot: Slot, job: Job) -> None:
        with contextlib.ExitStack() as held:
            result = Result()
            held.callback(result.close)
            try:
                done = await self._converse(slot, job, result)
            except TimeoutError:
                self._replace(slot, "over time")
                words = f"the picture took longer than {self._settings.timeout:g} s, which is the "
                job.fail(Problem("over-time", f"{words}limit; the service sets it with --timeout"))
                return
            except ClosedError:
                assert slot.process is not None
                await slot.process.settle()
                reason = "memory" if slot.overran else "died"
                if not slot.asked and not job.was_returned:
                    # It may have died before it saw the picture: somebody else gets one try.
                    job.was_returned = True
                    self._replace(slot, reason)
                    await self._return(job)
                    return
                job.fail(_death(self._replace(slot, reason), overran=slot.overran))
                return
            except RelumeError as error:  # refused; the worker says it back
                job.fail(Problem.of_error(type(error).__name__, str(error)))
                return
            if "error" in done:
                words = str(done["error"])
                job.fail(Problem.of_error(str(done.get("kind")), words))
            elif not job.answer.done():
                result.account = done["done"]
                result.hold.shrink(result.spool.size)
                job.answer.set_result(result)
                held.pop_all()

    async def _converse(self, slot: Slot, job: Job, result: Result) -> Message:
        """Talk with the worker until the job is done; its memory is granted on the way."""
        assert slot.process is not None
        loop = asyncio.get_running_loop()
        slot.granted, slot.asked = 0, False
        files = (job.upload.descriptor, result.spool.descriptor)
        async with asyncio.timeout(self._settings.timeout) as limit:
            slot.process.send({"task": job.task.plain(), "threads": self._threads()}, files)
            while "size" in (message := await slot.process.receive()):
                slot.asked = True
                limit.reschedule(None)  # waiting for memory is not the picture's fault
                await self._grant(slot, job, result, message["size"])
                limit.reschedule(loop.time() + self._settings.timeout)
        return message

    def _threads(self) -> int:
        """Return a fair share of the processors: the number never changes a result."""
        busy = sum(slot.job is not None for slot in self.slots)
        return max(1, thread_count(None) // max(1, busy))

    async def _grant(self, slot: Slot, job: Job, result: Result, size: list[int]) -> None:
        assert slot.process is not None
        width, height = size
        result.hold.release()  # a file may declare a second, larger size
        try:
            check_pixels("the upload", width, height, max_pixels=self._settings.max_pixels)
            needed = cost(job.task, job.first, width=width, height=height)
            result.hold = await self.work.wait(needed, what=f"{width} × {height} pixels")
        except RelumeError as error:
            slot.process.send({"refuse": str(error)})
            return
        slot.granted = needed
        slot.process.send({"go": True})


def _death(ended: str, *, overran: bool) -> Problem:
    if overran:
        words = "the picture took more memory than the service has; a smaller one will do"
        return Problem("too-large", words)
    words = f"the worker {ended} at this picture; if it does so again, the picture is the cause"
    return Problem("worker-died", words)
