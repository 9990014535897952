"""A worker: a process that does one task after another until its service has gone.

    python -P -m relume.serve.worker SOCKET ENGINE

It writes its answer to an open file it was given and sends a short message only, so that it can
be killed at any moment without a trace.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from relume.errors import RelumeError, TooLargeError
from relume.serve import messages, work
from relume.serve.spool import opened
from relume.serve.task import Task

TRIM_FROM = 4_000_000
"""Pixels of a picture after which freed memory is given back to the system at once."""


def protect() -> None:
    """Leave no core file with somebody's picture in it, and end with the service (Linux)."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the service
    if sys.platform == "linux":
        set_parent_death_signal, no_new_privileges = 1, 38
        system = ctypes.CDLL(None, use_errno=True)
        system.prctl(set_parent_death_signal, signal.SIGKILL, 0, 0, 0)
        system.prctl(no_new_privileges, 1, 0, 0, 0)


def memory_trimmer() -> Callable[[], None]:
    """Return what hands freed memory back; without glibc, nothing does."""
    with contextlib.suppress(OSError, AttributeError):
        trim = ctypes.CDLL(None).malloc_trim
        return lambda: trim(0)
    return lambda: None


def resting() -> int:
    """Return this process' resident bytes; where the system does not say, the most there were."""
    try:
        statm = Path("/proc/self/statm").read_text(encoding="ascii")
        return int(statm.split()[1]) * resource.getpagesize()
    except OSError:
        unit = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


class Conversation:
    """One worker's end of it."""

    def __init__(self, connection: socket.socket, engine: str) -> None:
        self._connection = connection
        self._inbox = messages.Inbox(connection)
        self._studio = work.Studio(engine)
        self._trim = memory_trimmer()
        self._granted = 0

    def serve(self) -> None:
        """Say that it is ready and do tasks until the service has gone."""
        work.warm(self._studio)
        messages.send(self._connection, {"ready": resting()})
        while True:
            message, files = self._inbox.receive()
            self._granted = message["granted"]
            os.environ["RELUME_THREADS"] = str(message["threads"])
            try:
                answer = self._do(Task(**message["task"]), *files)
            finally:
                for file in files:
                    os.close(file)
            messages.send(self._connection, answer)
            if self._granted >= TRIM_FROM:
                self._trim()

    def _admit(self, width: int, height: int) -> None:
        """Ask before memory is taken for a size, once for each larger one."""
        if width * height <= self._granted:
            return
        messages.send(self._connection, {"size": [width, height]})
        reply, _ = self._inbox.receive()
        if "refuse" in reply:
            raise TooLargeError(reply["refuse"])
        self._granted = width * height

    def _do(self, task: Task, source: int, target: int) -> dict[str, Any]:
        try:
            opened(source)
            data = os.pread(source, os.fstat(source).st_size, 0)
            if task.kind == "inspect":
                return {"done": work.inspect(data, self._admit)}
            coded, media, account = work.enhance(data, task, self._studio, self._admit)
            rest = memoryview(coded)
            while rest.nbytes:
                rest = rest[os.write(target, rest) :]
            return {"done": {**account, "media": media}}
        except RelumeError as error:
            return {"error": str(error)[:1000], "kind": type(error).__name__}
        except messages.ClosedError:
            raise
        except MemoryError:
            return {"error": "not enough memory for this picture", "kind": "TooLargeError"}
        except Exception as error:  # one picture must not end a worker; its type is told
            return {"error": f"unexpected {type(error).__name__}", "kind": "Exception"}


def main() -> None:
    """Serve the socket whose number is the first argument."""
    number, engine = sys.argv[1:]
    protect()
    with socket.socket(fileno=int(number)) as connection:
        try:
            Conversation(connection, engine).serve()
        except (messages.ClosedError, ConnectionError):
            return


if __name__ == "__main__":
    main()
