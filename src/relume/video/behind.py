"""A generator whose items are made by a thread of its own, a few of them ahead."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from queue import Empty, Full, Queue
from threading import Event, Thread
from typing import TypeVar

Item = TypeVar("Item")
_POLL = 0.1
"""Seconds between looks at whether anybody still wants the items."""


class _End:
    """Stands after the last item, with what went wrong, if anything."""

    def __init__(self, error: BaseException | None) -> None:
        self.error = error


def made_ahead(items: Iterable[Item], *, most: int) -> Generator[Item]:
    """Yield what `items` yields while a thread makes up to `most` further ones.

    An error there is raised here, after the items before it. Closing the generator ends the thread
    after the item it is at.
    """
    queue: Queue[Item | _End] = Queue(most)
    unwanted = Event()

    def put(item: Item | _End) -> None:
        while not unwanted.is_set():
            try:
                queue.put(item, timeout=_POLL)
                return
            except Full:
                continue

    def work() -> None:
        error: BaseException | None = None
        source = iter(items)
        try:
            for item in source:
                put(item)
                if unwanted.is_set():
                    break
        except BaseException as caught:
            error = caught
        finally:
            close = getattr(source, "close", None)
            if close is not None:
                close()
        put(_End(error))

    thread = Thread(target=work, name="relume-video", daemon=True)
    thread.start()
    try:
        while True:
            try:
                item = queue.get(timeout=_POLL)
            except Empty:
                continue
            if isinstance(item, _End):
                if item.error is not None:
                    raise item.error
                return
            yield item
    finally:
        unwanted.set()
        thread.join()
