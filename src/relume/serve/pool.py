"""Workers in processes that can be killed, each with a connection of its own.

Nothing is shared between workers, so one that dies, whenever it does, takes only its own task
with it. A worker is replaced when it died, when its task took too long or its client left, and
after MOST_TASKS.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable
from functools import partial
from time import monotonic

from relume.errors import RelumeError
from relume.io.reading import check_pixels
from relume.render.bands import thread_count
from relume.serve.budget import Budget
from relume.serve.cost import cost
from relume.serve.job import Job, Result
from relume.serve.log import log
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
        self.why = "died"
        """Why its worker ends, if it does: for another reason when somebody ends it."""


class Pool:
    """Takes jobs, has them done, and keeps its workers alive."""

    def __init__(self, settings: Settings, work: Budget, metrics: Metrics) -> None:
        self._settings = settings
        self.work = work
        self._metrics = metrics
        self.slots = [Slot() for _ in range(settings.workers)]
        self._line: deque[Job] = deque()
        self._idle: deque[asyncio.Future[Job | None]] = deque()
        self._tasks: list[asyncio.Task[None]] = []
        self._usual = 0.5
        """Seconds of a task lately, for Retry-After."""

    async def start(self, fits: Callable[[int], object]) -> None:
        """Start all workers and wait until they are ready.

        `fits` is told the bytes that the first one takes at rest, before there are others: more
        than the machine holds would stop it. Raises: RelumeError; what `fits` raises.
        """
        first, *others = self.slots
        await self._start(first)
        if first.process is not None:
            fits(first.process.resting)
            await asyncio.gather(*(self._start(slot) for slot in others))
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
        self._line.append(job)
        self._hand_out()
        return await job.answer

    def _hand_out(self) -> None:
        """Give waiting jobs to idle workers."""
        while self._line and self._idle:
            if self._line[0].answer.done():  # its client has left
                self._line.popleft()
            elif not (turn := self._idle.popleft()).done():
                turn.set_result(self._line.popleft())

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
                slot.job, slot.why = job, "died"
                job.answer.add_done_callback(partial(self._answered, slot, job))
                begun = monotonic()
                try:
                    await self._talk(slot, job)
                except Exception as error:  # a fault of ours must not cost the service a worker
                    log("fault", kind=type(error).__name__, words=str(error)[:200])
                    job.fail(Problem("internal", f"unexpected {type(error).__name__}"))
                    self._drop(slot, "fault")
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

    def _drop(self, slot: Slot, reason: str) -> None:
        """Kill a slot's worker if it has one."""
        if slot.process is not None:
            self._replace(slot, reason)

    async def _next(self, process: Process) -> Job | None:
        """Wait for a job; None when the idle worker ends first."""
        turn: asyncio.Future[Job | None] = asyncio.get_running_loop().create_future()
        process.on_news = lambda: None if turn.done() else turn.set_result(None)
        if process.has_gone:
            return None
        self._idle.append(turn)
        self._hand_out()
        return await turn

    def _return(self, job: Job) -> None:
        self._line.appendleft(job)
        self._hand_out()

    def _answered(self, slot: Slot, job: Job, answer: asyncio.Future[Result]) -> None:
        """End what works for a client that has left, unless it has almost done."""
        if answer.cancelled() and slot.job is job:
            asyncio.get_running_loop().call_later(GRACE, self._abandon, slot, job)

    def _abandon(self, slot: Slot, job: Job) -> None:
        if slot.job is job and slot.process is not None:
            slot.why = "client left"
            slot.process.kill()

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
                ended = self._replace(slot, slot.why)
                # Whoever has left has taken the upload along.
                if not (job.answer.done() or job.was_returned or job.upload.was_opened):
                    # It died before it saw the picture: somebody else gets one try.
                    job.was_returned = True
                    self._return(job)
                    return
                job.fail(_death(ended, why=slot.why))
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
        files = (job.upload.descriptor, result.spool.descriptor)
        order: Message = {"task": job.task.plain(), "granted": 0}
        slot.granted = 0
        if job.size is not None:
            # What a file declares is granted at once, and the worker need not ask.
            await self._take_memory(slot, job, result, *job.size)
            order["granted"] = job.size[0] * job.size[1]
        async with asyncio.timeout(self._settings.timeout) as limit:
            slot.process.send({**order, "threads": self._threads()}, files)
            while "size" in (message := await slot.process.receive()):
                limit.reschedule(None)  # waiting for memory is not the picture's fault
                width, height = message["size"]
                try:
                    await self._take_memory(slot, job, result, width, height)
                    slot.process.send({"go": True})
                except RelumeError as error:
                    slot.process.send({"refuse": str(error)})
                limit.reschedule(loop.time() + self._settings.timeout)
        return message

    def _threads(self) -> int:
        """Return a fair share of the processors: the number never changes a result."""
        busy = sum(slot.job is not None for slot in self.slots)
        return max(1, thread_count(None) // max(1, busy))

    async def _take_memory(
        self, slot: Slot, job: Job, result: Result, width: int, height: int
    ) -> None:
        """Wait for the memory of a picture of this size; not for longer than its client waits.

        Raises: RelumeError when it will never be there, or nobody waits any longer.
        """
        result.hold.release()  # a file may declare a second, larger size
        check_pixels("the upload", width, height, max_pixels=self._settings.max_pixels)
        needed = cost(job.task, job.first, width=width, height=height)
        what = f"{width} × {height} pixels"
        hold = self.work.hold_now(needed, what=what)
        if hold is None:
            waiting = asyncio.ensure_future(self.work.wait(needed, what=what))
            try:
                await asyncio.wait({waiting, job.answer}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                if not waiting.done():
                    waiting.cancel()
            if waiting.done():
                result.hold = waiting.result()
            if job.answer.done():
                raise RelumeError("the client has left")
        else:
            result.hold = hold
        slot.granted = needed


def _death(ended: str, *, why: str) -> Problem:
    if why == "memory":
        words = "the picture took more memory than the service has; a smaller one will do"
        return Problem("too-large", words)
    words = f"the worker {ended} at this picture; if it does so again, the picture is the cause"
    return Problem("worker-died", words)
