"""Looking after memory: what all processes really take, and who must end when it is too much."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

from relume.serve.metrics import Metrics
from relume.serve.pool import Pool, Slot

EVERY = 0.1
"""Seconds between two looks."""
SLACK = 1.10
"""Of the budget: how far above it the sum may be before a worker is ended."""
PAGE = os.sysconf("SC_PAGE_SIZE")


def own_memory() -> int:
    """Return this process' resident bytes; 0 where the system does not say (not Linux)."""
    try:
        return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * PAGE
    except OSError:
        return 0


async def watch(pool: Pool, metrics: Metrics, *, budget: int, held: Callable[[], int]) -> None:
    """End the worker that is furthest over its grant whenever the sum is over the budget."""
    while True:
        await asyncio.sleep(EVERY)
        taken = {slot: slot.process.memory() for slot in pool.slots if slot.process is not None}
        total = own_memory() + sum(taken.values()) + held()
        metrics.resident.set(total)
        if total > budget * SLACK:
            at_work = [slot for slot in taken if slot.job is not None]
            if at_work:
                _end(max(at_work, key=lambda slot: _excess(slot, taken[slot])))


def _excess(slot: Slot, taken: int) -> int:
    assert slot.process is not None
    return taken - slot.process.resting - slot.granted


def _end(slot: Slot) -> None:
    """Kill a worker; the pool notices, answers its client and starts another."""
    assert slot.process is not None
    slot.why = "memory"
    os.kill(slot.process.pid, 9)
