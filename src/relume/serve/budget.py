"""One amount of bytes that everything in a service shares.

Uploads, which must never block, `take` what they get at once or are refused. Work `wait`s its
turn, first come first served, and is not let in beside uploads: each has a share of its own, so
that a crowd of waiting uploads cannot stop the work that would clear it.
"""

from __future__ import annotations

import asyncio
from collections import deque

from relume.errors import TooLargeError


class Hold:
    """Bytes that are held of a budget until they are released."""

    def __init__(self, budget: Budget, size: int) -> None:
        self._budget = budget
        self.size = size

    def grow(self, by: int) -> bool:
        """Hold more, if there is more now."""
        if not self._budget.take_now(by):
            return False
        self.size += by
        return True

    def shrink(self, to: int) -> None:
        """Give back what is above `to`."""
        if to < self.size:
            self._budget.give_back(self.size - to)
            self.size = to

    def release(self) -> None:
        """Give everything back; doing so again does nothing."""
        self.shrink(0)


class Budget:
    """A share of memory, in bytes."""

    def __init__(self, total: int) -> None:
        self.total = total
        self.free = total
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    def hold(self) -> Hold:
        """Return a hold of nothing, to be grown."""
        return Hold(self, 0)

    async def wait(self, size: int, *, what: str) -> Hold:
        """Wait until `size` bytes are free and hold them.

        Raises: TooLargeError when they never will be.
        """
        if (hold := self.hold_now(size, what=what)) is not None:
            return hold
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append((size, turn))
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.give_back(size)
            else:
                self._waiting = deque(one for one in self._waiting if one[1] is not turn)
                self._admit()
            raise
        return Hold(self, size)

    def hold_now(self, size: int, *, what: str) -> Hold | None:
        """Hold `size` bytes if they are free and nobody waits for others, else return None.

        Raises: TooLargeError when they never will be.
        """
        if size > self.total:
            raise TooLargeError(self.never(what, size))
        return Hold(self, size) if not self._waiting and self.take_now(size) else None

    def never(self, what: str, size: int) -> str:
        """Say that `what` will never fit."""
        return (
            f"{what} would take about {size / 2**20:.0f} MiB, the service has "
            f"{self.total / 2**20:.0f} MiB for its work; raise it with --memory"
        )

    def take_now(self, size: int) -> bool:
        """Take bytes if they are free."""
        if size > self.free:
            return False
        self.free -= size
        return True

    def give_back(self, size: int) -> None:
        """Free bytes, and let in who waits for them."""
        self.free += size
        self._admit()

    def _admit(self) -> None:
        while self._waiting and self._waiting[0][0] <= self.free:
            size, turn = self._waiting.popleft()
            if not turn.done():
                self.free -= size
                turn.set_result(None)
