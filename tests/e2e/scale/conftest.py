"""Clusters that were left without their driver: all of them have ended when the tests have."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

import psutil
import pytest

LONG = 100.0
"""Seconds after which a test that waits has failed."""
Abandon: TypeAlias = Callable[[psutil.Popen], None]


def title(process: psutil.Process) -> str:
    """Return how a process calls itself; nothing when it has gone."""
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


@pytest.fixture(scope="session")
def abandon() -> Iterator[Abandon]:
    """Kill a driver and wait until nobody is left who could work; whoever else is left of its
    cluster has until the last test: Ray's agents, which only watch, notice after a minute."""
    agents: list[psutil.Process] = []

    def kill(driver: psutil.Popen) -> None:
        family = driver.children(recursive=True)
        idle = [process for process in family if "Agent" in title(process)]
        agents.extend(idle)
        driver.kill()
        # A worker may finish the picture it is at.
        _, left = psutil.wait_procs([one for one in family if one not in idle], timeout=LONG)
        assert not left

    yield kill
    _, left = psutil.wait_procs(agents, timeout=LONG)
    assert not left
