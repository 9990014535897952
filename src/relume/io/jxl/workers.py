"""libjxl's threads, as many as there are processors for us."""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager
from ctypes import c_void_p, cast

from relume.io.jxl.library import Library


@contextmanager
def workers(found: Library) -> Generator[tuple[c_void_p, int]]:
    """Start threads, and end them: the function that libjxl calls, and what it is called with."""
    pool = found.threads.JxlThreadParallelRunnerCreate(None, _count())
    if not pool:
        raise MemoryError
    try:
        yield cast(found.threads.JxlThreadParallelRunner, c_void_p), pool
    finally:
        found.threads.JxlThreadParallelRunnerDestroy(pool)


def _count() -> int:
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # macOS and Windows know no affinity
        return os.cpu_count() or 1
