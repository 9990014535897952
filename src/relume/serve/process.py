"""A worker process as the service holds it: start, talk, kill."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Callable
from pathlib import Path

from relume.serve import messages
from relume.serve.messages import ClosedError, Message

MOST_UNREAD = 4
"""Messages of one that speaks without being asked; more end the conversation."""


class Process:
    """A worker that was started. Its messages are awaited, so that nothing here ever blocks.

    The connection is watched as long as it is open, not anew for each message: a small picture
    takes as long as a few turns of the event loop.
    """

    def __init__(self, engine: str) -> None:
        self._connection, theirs = socket.socketpair()
        self._rest = b""
        self._said: deque[Message] = deque()
        self._closed = False
        self.on_news: Callable[[], None] = _nothing
        """Called when it has said something, or has gone."""
        with theirs:
            self._process = subprocess.Popen(
                # -P: what lies in the current folder is no module of ours.
                [sys.executable, "-P", "-m", "relume.serve.worker", str(theirs.fileno()), engine],
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        self._connection.setblocking(False)
        asyncio.get_running_loop().add_reader(self._connection, self._read)
        self.resting = 0
        """Bytes it had when it was ready."""

    @property
    def pid(self) -> int:
        return self._process.pid

    async def ready(self) -> None:
        """Wait until it can work.

        Raises: ClosedError when it ends before.
        """
        message = await self.receive()
        self.resting = int(message.get("ready", 0))

    def send(self, message: Message, files: tuple[int, ...] = ()) -> None:
        """Send a short message; there is room, since a worker has one task at a time.

        Raises: ClosedError when it has gone.
        """
        try:
            messages.send(self._connection, message, files)
        except OSError as error:
            raise ClosedError("the worker has gone") from error

    async def receive(self) -> Message:
        """Wait for its next message.

        Raises: ClosedError when it has gone.
        """
        if not self._said and not self._closed:
            news = asyncio.get_running_loop().create_future()
            self.on_news = lambda: None if news.done() else news.set_result(None)
            try:
                await news
            finally:
                self.on_news = _nothing
        if not self._said:
            raise ClosedError("the worker has gone")
        return self._said.popleft()

    @property
    def has_gone(self) -> bool:
        """Whether it has ended, or spoke without having been asked."""
        return self._closed or bool(self._said)

    def _read(self) -> None:
        """Take in what has arrived."""
        try:
            piece = self._connection.recv(messages.STEP)
        except BlockingIOError:
            return
        except OSError:
            piece = b""
        *lines, self._rest = (self._rest + piece).split(b"\n")
        try:
            self._said.extend(map(messages.parse, lines))
        except ClosedError:
            piece = b""
        if not piece or len(self._rest) > messages.LONGEST or len(self._said) > MOST_UNREAD:
            self._close()
        if self._said or self._closed:
            self.on_news()

    def _close(self) -> None:
        if not self._closed:
            self._closed = True
            asyncio.get_running_loop().remove_reader(self._connection)
            self._connection.close()

    def memory(self) -> int:
        """Return its resident bytes now; 0 where the system does not say (not Linux)."""
        try:
            resident = Path(f"/proc/{self.pid}/statm").read_text(encoding="ascii").split()[1]
        except (OSError, IndexError):
            return 0
        return int(resident) * 4096

    async def settle(self) -> None:
        """Give one whose connection has closed a moment to end, so that it can be said how."""
        for _ in range(50):
            if self._process.poll() is not None:
                return
            await asyncio.sleep(0.01)

    def kill(self) -> str:
        """End it at once and say how it had ended."""
        self._close()
        self.on_news()
        ended = self._process.poll()
        if ended is None:
            self._process.kill()
            self._process.wait()
            return "killed"
        return f"ended by signal {-ended}" if ended < 0 else f"ended with {ended}"

    async def dismiss(self) -> None:
        """End it between two tasks: it leaves when its connection closes."""
        self._close()
        for _ in range(20):
            if self._process.poll() is not None:
                return
            await asyncio.sleep(0.05)
        self._process.kill()
        self._process.wait()


def _nothing() -> None:
    pass
