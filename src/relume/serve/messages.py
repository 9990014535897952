"""What service and worker say to each other: lines of JSON over a pair of sockets.

JSON and not pickle, because a worker decodes what strangers send: were it taken over, it could
say anything, but nothing that runs in the service.

| from    | message                             | means                                          |
|---------|-------------------------------------|------------------------------------------------|
| worker  | {"ready": bytes}                    | started, resting at so much memory             |
| service | {"task": …, "threads": …,           | read the first, write to the second; there is  |
|         | "granted": pixels}, two open files  | memory for a picture of so many pixels         |
| worker  | {"size": [width, height]}           | the file declares this, which is more; may I?  |
| service | {"go": true} or {"refuse": "words"} | memory is there; or will never be              |
| worker  | {"done": …} or {"error": …,         | the task has ended                             |
|         | "kind": …}                          |                                                |
"""

from __future__ import annotations

import array
import json
import socket
from typing import Any

Message = dict[str, Any]

LONGEST = 1 << 20
"""Bytes of one message; longer ones end the conversation."""
STEP = 65536


class ClosedError(Exception):
    """The other side has gone, or says what is no message."""


def pack(message: Message) -> bytes:
    """Write a message as one line."""
    return json.dumps(message, separators=(",", ":")).encode() + b"\n"


def parse(line: bytes) -> Message:
    """Read one line.

    Raises: ClosedError when it is no message.
    """
    try:
        message = json.loads(line)
    except ValueError as error:
        raise ClosedError("not a message") from error
    if not isinstance(message, dict):
        raise ClosedError("not a message")
    return message  # pyright: ignore[reportUnknownVariableType]


def send(connection: socket.socket, message: Message, files: tuple[int, ...] = ()) -> None:
    """Send a short message, with open files if there are any."""
    line = pack(message)
    if not files:
        connection.sendall(line)
        return
    rights = (socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", files))
    sent = connection.sendmsg([line], [rights])
    connection.sendall(line[sent:])


class Inbox:
    """The worker's end: whole messages out of a stream, with the files that came along."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._rest = b""

    def receive(self) -> tuple[Message, list[int]]:
        """Wait for one message.

        Raises: ClosedError.
        """
        files: list[int] = []
        while b"\n" not in self._rest:
            piece, came, _, _ = socket.recv_fds(self._connection, STEP, 4)
            files += came
            if not piece or len(self._rest) > LONGEST:
                raise ClosedError("the service has gone")
            self._rest += piece
        line, _, self._rest = self._rest.partition(b"\n")
        return parse(line), files
