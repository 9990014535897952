"""Sending a worker's result: out of its file, piece by piece, to a client that keeps taking."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from relume.serve.job import Result
from relume.serve.spool import STEP

PATIENCE = 30.0
"""Seconds a client may leave a piece of STEP bytes lying."""


class Picture(Response):
    """A result whose bytes are the answer, and its account in headers."""

    def __init__(self, result: Result, *, queued: float) -> None:
        account = result.account
        headers = {
            "Content-Length": str(result.spool.size),
            "Cache-Control": "no-store",
            "Server-Timing": _timing(account["seconds"], queued),
            "Relume-Method": _plain(account["method"]),
            "Relume-Knobs": json.dumps(account["knobs"]),
            "Relume-Notes": json.dumps(account["notes"]),
            "Relume-Size": f"{account['width']}x{account['height']}",
            "Relume-Original": "{}x{}".format(*account["original"]),
        }
        if account["reason"]:
            headers["Relume-Reason"] = _plain(account["reason"])
        super().__init__(None, 200, headers, media_type=account["media"])
        self._result = result

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        start = {
            "type": "http.response.start",
            "status": self.status_code,
            "headers": self.raw_headers,
        }
        try:
            loop = asyncio.get_running_loop()
            at, size = 0, self._result.spool.size
            async with asyncio.timeout(PATIENCE) as limit:
                await send(start)
                while at < size:
                    piece = self._result.spool.read(at, STEP)
                    at += len(piece)
                    await send(
                        {"type": "http.response.body", "body": piece, "more_body": at < size}
                    )
                    limit.reschedule(loop.time() + PATIENCE)
        finally:
            self._result.close()


def _timing(seconds: dict[str, float], queued: float) -> str:
    """Return the stages in milliseconds (W3C Server Timing)."""
    stages = {"queue": queued, **seconds}
    return ", ".join(f"{name};dur={value * 1000:.1f}" for name, value in stages.items())


def _plain(text: Any) -> str:
    """A header holds ASCII."""
    return str(text).encode("ascii", "backslashreplace").decode("ascii")
