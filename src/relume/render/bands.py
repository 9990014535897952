"""Pieces of a picture worked on by several threads."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable
from threading import Thread
from typing import TypeVar

from relume.errors import ContractError

Piece = TypeVar("Piece")


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
    for_each(lambda band: work(*band), bands, threads=threads)


def for_each(
    work: Callable[[Piece], None], pieces: Iterable[Piece], *, threads: int | None
) -> None:
    """Call work(piece) for every piece, in any order; the first failure ends it and is raised."""
    pieces = list(pieces)
    workers = min(thread_count(threads), len(pieces))
    if workers == 1:
        for piece in pieces:
            work(piece)
        return
    waiting, failures = deque(pieces), list[BaseException]()

    def some() -> None:
        while not failures:
            try:
                piece = waiting.popleft()
            except IndexError:
                return
            try:
                work(piece)
            except BaseException as error:
                failures.append(error)

    # This thread works, too: threads are begun for every call, and the fewer the better.
    others = [Thread(target=some, name=f"relume_{each}") for each in range(1, workers)]
    started = list[Thread]()
    try:
        for thread in others:
            thread.start()
            started.append(thread)
        some()
    finally:
        waiting.clear()  # an interruption may have come from anywhere above
        for thread in started:
            thread.join()
    if failures:
        raise failures[0]
