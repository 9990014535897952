"""HTTP as the server speaks it, with limits it lacks: how long and how large a header may be.

Without them, a client that sends a header byte by byte keeps its connection for ever, and one that
sends an endless header fills the memory.
"""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from relume.serve.problems import Problem

HEADER_MOST = 64 * 1024
"""Bytes that may come on end without a header or a piece of a body being complete."""
HEADER_LIMIT = 10.0
"""Seconds from the first byte of a connection or request to the end of its header."""


class ImpatientProtocol(HttpToolsProtocol):
    """Closes a connection whose request's header does not come to its end."""

    _header_limit: asyncio.TimerHandle | None = None
    _kept = 0
    """Bytes since the parser last gave something on."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._begin()

    def data_received(self, data: bytes) -> None:
        if self._header_limit is None and self._is_between_requests():
            self._begin()
        self._kept += len(data)
        super().data_received(data)
        # The parser keeps headers and trailers in memory, of any length.
        if self._kept > HEADER_MOST and not self.transport.is_closing():
            if self._header_limit is not None:  # else an answer may be on its way
                words = f"more than {HEADER_MOST // 1024} KiB before the body"
                self._refuse(Problem("header-too-large", words))
            self._give_up()

    def send_400_response(self, msg: str) -> None:
        self._refuse(Problem("bad-request", "this is not HTTP/1.1 as RFC 9112 has it"))
        self.transport.close()

    def on_headers_complete(self) -> None:
        self._end()
        self._kept = 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._kept = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._kept = 0
        super().on_message_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        self._end()
        super().connection_lost(exc)

    def _refuse(self, problem: Problem) -> None:
        """Say why, before there is a request that the application could answer."""
        answer = problem.response()
        head = [(b"connection", b"close"), *answer.raw_headers]
        lines = [b"HTTP/1.1 %d " % answer.status_code, *(b"%s: %s" % pair for pair in head)]
        self.transport.write(b"\r\n".join([*lines, b"", bytes(answer.body)]))

    def _is_between_requests(self) -> bool:
        cycle: Any = self.cycle  # None before the first request, whatever its annotation says
        return cycle is None or cycle.response_complete

    def _begin(self) -> None:
        self._header_limit = self.loop.call_later(HEADER_LIMIT, self._give_up)

    def _end(self) -> None:
        if self._header_limit is not None:
            self._header_limit.cancel()
            self._header_limit = None

    def _give_up(self) -> None:
        self._header_limit = None
        if not self.transport.is_closing():
            self.transport.close()
