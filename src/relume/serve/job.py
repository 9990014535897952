"""One picture on its way through the pool, and what becomes of it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

from relume.serve.budget import Budget, Hold
from relume.serve.problems import Problem
from relume.serve.spool import Spool
from relume.serve.task import Task


@dataclass(eq=False)
class Result:
    """The bytes a worker wrote, what is held for them, and its account of the work."""

    spool: Spool = field(default_factory=Spool)
    hold: Hold = field(default_factory=lambda: Budget(0).hold())
    account: dict[str, Any] = field(default_factory=dict[str, Any])

    def close(self) -> None:
        """Let go of the bytes and of what was held for them."""
        self.spool.close()
        self.hold.release()


@dataclass(eq=False)
class Job:
    """A task, its upload, and the answer somebody waits for."""

    task: Task
    upload: Spool
    first: bytes
    """The upload's first bytes."""
    size: tuple[int, int] | None = None
    """Width and height that these declare, where they do."""
    answer: asyncio.Future[Result] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )

    was_returned: bool = False
    """Its first worker died before it had opened the upload."""

    def fail(self, problem: Problem) -> None:
        """Answer with a problem, if anybody still waits."""
        if not self.answer.done():
            self.answer.set_exception(problem)
