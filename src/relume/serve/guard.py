"""What stands before every request: an account of it, and the refusals that need no body.

A refusal comes before the upload is read and closes the connection, or the server would go on
reading what nobody wants.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter
from urllib.parse import urlsplit
from uuid import uuid4

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from relume.serve.log import log
from relume.serve.metrics import Metrics
from relume.serve.problems import Problem, too_large
from relume.serve.settings import Settings

GONE = 499
"""What an endpoint answers to a client that has left; nobody gets it."""
OPEN = ("/v1/health", "/v1/ready")
"""What needs no token: it is asked by what starts and stops the service."""
PAGE = ("/", "/page/")
HERE = frozenset(("localhost", "127.0.0.1", "[::1]"))
SECURITY = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


@dataclass
class _Seen:
    """What was seen of an answer on its way out."""

    status: int = 0
    sent: int = 0
    has_ended: bool = False


class Account:
    """Outermost: counts, logs and times each request, and sends what every answer has."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun, identity = perf_counter(), uuid4().hex
        seen = _Seen()
        is_read = scope["method"] in ("GET", "HEAD", "OPTIONS")

        async def receiving() -> Message:
            nonlocal is_read
            message = await receive()
            is_read = is_read or not message.get("more_body", False)
            return message

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                seen.status = message["status"]
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY.items():
                    headers.setdefault(name, value)
                headers["Relume-Request"] = identity
                if not is_read:
                    headers["Connection"] = "close"
            else:
                seen.sent += len(message.get("body", b""))
            await send(message)
            is_last = message["type"] == "http.response.body" and not message.get("more_body")
            seen.has_ended = is_last

        try:
            await self._app(scope, receiving, sending)
        finally:
            seconds = perf_counter() - begun
            path = _known(scope)
            has_left = not seen.has_ended or seen.status == GONE
            ending = "cancelled" if has_left else str(seen.status)
            self._metrics.requests.labels(path, ending).inc()
            self._metrics.seconds.labels(path).observe(seconds)
            if has_left:
                self._metrics.cancelled.inc()
            log("request", id=identity, method=scope["method"], path=path, status=ending,
                seconds=round(seconds, 4), sent=seen.sent)  # fmt: skip


def _known(scope: Scope) -> str:
    """Return a path as the routes call it: what strangers make up must not fill the metrics."""
    route = scope.get("route")
    return getattr(route, "path", None) or "other"


class Guard:
    """Refuses other hosts, other pages and who lacks the token."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._settings = settings
        self._checks: tuple[Callable[[Headers, str], None], ...] = (
            self._check_host,
            self._check_origin,
            self._check_token,
            self._check_length,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            headers = Headers(scope=scope)
            try:
                for check in self._checks:
                    check(headers, scope["path"])
            except Problem as problem:
                await problem.response()(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _check_host(self, headers: Headers, _: str) -> None:
        """Keep out pages whose own name was made to lead to this machine (DNS rebinding)."""
        settings = self._settings
        if not settings.hosts and not settings.is_loopback:
            return
        host = ", ".join(headers.getlist("host"))  # two are none: proxies differ on which counts
        name, _, port = host.rpartition(":")
        if not port.isdecimal():
            name = host
        if name.lower() not in HERE | set(settings.hosts):
            words = f"Host {name[:80]!r} is not this service; --allow-host NAME admits it"
            raise Problem("wrong-host", words)

    def _check_origin(self, headers: Headers, _: str) -> None:
        origin = headers.get("origin")
        if origin is None or origin in self._settings.origins:
            return
        if urlsplit(origin).netloc != headers.get("host", ""):
            words = f"the page {origin[:80]} may not use this service; --allow-origin admits it"
            raise Problem("forbidden-origin", words)

    def _check_token(self, headers: Headers, path: str) -> None:
        token = self._settings.token
        if token is None or path in OPEN or path == PAGE[0] or path.startswith(PAGE[1]):
            return
        scheme, _, given = headers.get("authorization", "").partition(" ")
        # Both sides of equal work, however much of the token is right.
        if scheme.lower() != "bearer" or not hmac.compare_digest(
            given.strip().encode("utf-8", "replace"), token
        ):
            words = "send the service's token as: Authorization: Bearer TOKEN"
            raise Problem("unauthorized", words, {"WWW-Authenticate": "Bearer"})

    def _check_length(self, headers: Headers, _: str) -> None:
        stated = headers.get("content-length", "")
        if stated.isdecimal() and int(stated[:20]) > self._settings.max_bytes:
            raise too_large(self._settings.max_bytes)
