"""HTTP as the server speaks it, with a limit it lacks: for how long a request may be on its way.

Without it, a client that sends a header byte by byte keeps its connection for ever.
"""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEADER_LIMIT = 10.0
"""Seconds from the first byte of a connection or request to the end of its header."""


class ImpatientProtocol(HttpToolsProtocol):
    """Closes a connection whose request's header does not come to its end."""

    _header_limit: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._begin()

    def data_received(self, data: bytes) -> None:
        if self._header_limit is None and self._is_between_requests():
            self._begin()
        super().data_received(data)

    def on_headers_complete(self) -> None:
        self._end()
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        self._end()
        super().connection_lost(exc)

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
