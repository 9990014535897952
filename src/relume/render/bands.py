"""A picture's rows in bands, worked on by several threads."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from relume.errors import ContractError


def _whole(text: str | int, name: str) -> int:
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        raise ContractError(f"{name}: expected a whole number of at least 1, got {text!r}")
    return number


def thread_count(threads: int | None) -> int:
    """Return `threads`, else RELUME_THREADS, else the number of processors we may use."""
    if threads is not None:
        return _whole(threads, "threads")
    if wish := os.environ.get("RELUME_THREADS"):
        return _whole(wish, "RELUME_THREADS")
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # macOS and Windows know no affinity
        return os.cpu_count() or 1


def each_band(
    work: Callable[[int, int], None], *, height: int, rows: int, threads: int | None
) -> None:
    """Call work(first, last) for consecutive bands of `rows` rows, in any order."""
    bands = [(first, min(first + rows, height)) for first in range(0, height, rows)]
    workers = min(thread_count(threads), len(bands))
    if workers == 1:
        for first, last in bands:
            work(first, last)
        return
    with ThreadPoolExecutor(workers, thread_name_prefix="relume-render") as pool:
        pending = [pool.submit(work, first, last) for first, last in bands]
        try:
            for band in pending:
                band.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
