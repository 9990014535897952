"""A worker process as the service holds it: start, talk, kill."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import subprocess
import sys
from pathlib import Path

from relume.serve import messages
from relume.serve.messages import ClosedError, Message


class Process:
    """A worker that was started. Its messages are awaited, so that nothing here ever blocks."""

    def __init__(self, engine: str) -> None:
        self._connection, theirs = socket.socketpair()
        self._rest = b""
        with theirs:
            self._process = subprocess.Popen(
                # -P: what lies in the current folder is no module of ours.
                [sys.executable, "-P", "-m", "relume.serve.worker", str(theirs.fileno()), engine],
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        self._connection.setblocking(False)
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
        loop = asyncio.get_running_loop()
        while b"\n" not in self._rest:
            try:
                piece = await loop.sock_recv(self._connection, messages.STEP)
            except OSError as error:
                raise ClosedError("the worker has gone") from error
            if not piece or len(self._rest) > messages.LONGEST:
                raise ClosedError("the worker has gone")
            self._rest += piece
        line, _, self._rest = self._rest.partition(b"\n")
        return messages.parse(line)

    async def gone(self) -> None:
        """Wait, while it has nothing to do, until it ends."""
        with contextlib.suppress(ClosedError):
            await self.receive()

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
        self._connection.close()
        ended = self._process.poll()
        if ended is None:
            self._process.kill()
            self._process.wait()
            return "killed"
        return f"ended by signal {-ended}" if ended < 0 else f"ended with {ended}"

    async def dismiss(self) -> None:
        """End it between two tasks: it leaves when its connection closes."""
        self._connection.close()
        for _ in range(20):
            if self._process.poll() is not None:
                return
            await asyncio.sleep(0.05)
        self._process.kill()
        self._process.wait()
