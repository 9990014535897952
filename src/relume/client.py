"""A client of `relume serve`, for programs.

    from relume.client import Client
    with Client("http://127.0.0.1:8000") as service:
        bright = service.enhance(Path("party.jpg"), method="relume", knobs={"exposure": 0.5})
        Path("bright.jpg").write_bytes(bright.data)

`AsyncClient` has the same methods to be awaited. A service that has too much to do is asked again
after the seconds it names; any other refusal is a `ServiceError` in the service's own words.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Coroutine, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import (
    TYPE_CHECKING,
    Any,
    Concatenate,
    Generic,
    Literal,
    ParamSpec,
    Self,
    TypeAlias,
    TypeVar,
)

from relume.errors import ContractError, RelumeError
from relume.extras import need
from relume.photo import Format

if TYPE_CHECKING:
    import httpx
else:
    httpx = need("httpx", extra="serve")

Picture: TypeAlias = bytes | Path
"""An encoded picture, or the file that holds it."""
Keep: TypeAlias = Literal["keep", "strip"]

Answer = TypeVar("Answer")
Settings = ParamSpec("Settings")

PATIENCE = 120.0
"""Seconds to wait for an answer."""
TRIES = 5
"""How often to ask a service that has too much to do."""


class ServiceError(RelumeError):
    """What the service refused, or could not do, in its own words."""

    def __init__(self, status: int, kind: str, words: str) -> None:
        super().__init__(words)
        self.status = status
        """0: it could not be reached."""
        self.kind = kind
        """The last part of the problem's type: "unreadable", "too-large", …"""


@dataclass(frozen=True)
class Enhanced:
    """An enhanced picture and how it came about."""

    data: bytes
    """The picture as a file."""
    media: str
    """Its media type."""
    method: str
    reason: str
    """Why `auto` chose the method; empty when one was named."""
    knobs: Mapping[str, float]
    notes: tuple[str, ...]
    """What was changed or could not be kept."""
    width: int
    height: int
    seconds: Mapping[str, float]
    """Of the stages queue, read, enhance and write."""


@dataclass(frozen=True)
class _Request(Generic[Answer]):
    """One request, and how its answer is read."""

    verb: str
    path: str
    read: Callable[[httpx.Response], Answer]
    picture: Picture | None = None
    asked: tuple[tuple[str, str], ...] = ()

    def body(self) -> bytes | None:
        return self.picture.read_bytes() if isinstance(self.picture, Path) else self.picture


def _enhance(
    picture: Picture,
    *,
    method: str | None = None,
    knobs: Mapping[str, float] | None = None,
    strength: float = 1.0,
    format: Format | None = None,
    quality: int | None = None,
    metadata: Keep = "keep",
    side: int | None = None,
    ev: float = 0.0,
) -> _Request[Enhanced]:
    """Enhance a picture; what the settings mean, docs/service.md says.

    Raises: ServiceError; OSError for a file that cannot be read.
    """
    plain = {"method": method, "format": format, "quality": quality, "side": side}
    asked = (
        ("strength", repr(float(strength))),
        ("metadata", metadata),
        ("ev", repr(float(ev))),
        *((name, str(value)) for name, value in plain.items() if value is not None),
        *(("knob", f"{name}={float(value)!r}") for name, value in (knobs or {}).items()),
    )
    return _Request("POST", "/v1/enhance", _enhanced, picture, asked)


def _inspect(picture: Picture) -> _Request[dict[str, Any]]:
    """Return what a picture is and what `auto` would make of it. Raises: ServiceError."""
    return _Request("POST", "/v1/inspect", httpx.Response.json, picture)


def _methods() -> _Request[list[dict[str, Any]]]:
    """Return the cards of all methods. Raises: ServiceError."""
    return _Request("GET", "/v1/methods", httpx.Response.json)


def _enhanced(answer: httpx.Response) -> Enhanced:
    headers = answer.headers
    width, height = headers["relume-size"].split("x")
    stages = (part.strip().split(";dur=") for part in headers["server-timing"].split(","))
    return Enhanced(
        data=answer.content,
        media=headers["content-type"],
        method=headers["relume-method"],
        reason=headers.get("relume-reason", ""),
        knobs=json.loads(headers["relume-knobs"]),
        notes=tuple(json.loads(headers["relume-notes"])),
        width=int(width),
        height=int(height),
        seconds={name: float(milliseconds) / 1000 for name, milliseconds in stages},
    )


def _wait(answer: httpx.Response, tries: int) -> float | None:
    """Return the seconds after which to ask again; None for an answer to keep."""
    if answer.status_code != 503 or tries >= TRIES:
        return None
    return float(answer.headers.get("retry-after", "1"))


def _checked(answer: httpx.Response) -> httpx.Response:
    if answer.is_success:
        return answer
    try:
        problem: dict[str, Any] = answer.json()
        kind, words = str(problem["type"]).rsplit(":", 1)[1], str(problem["detail"])
    except (ValueError, KeyError, TypeError, IndexError):
        kind, words = "internal", f"status {answer.status_code}, and no words why"
    raise ServiceError(answer.status_code, kind, words)


@contextmanager
def _reaching(address: str) -> Generator[None]:
    """Turn what httpx raises into one line."""
    try:
        yield
    except httpx.HTTPError as error:
        reason = str(error) or type(error).__name__
        words = f"{address} does not answer: {reason}; is `relume serve` running there?"
        raise ServiceError(0, "unreachable", words) from error


def _options(address: str, token: str | None, timeout: float) -> dict[str, Any]:
    if not address.startswith(("http://", "https://")):
        raise ContractError(f"{address}: expected an address like http://127.0.0.1:8000")
    try:
        httpx.URL(address)
    except httpx.InvalidURL as error:
        raise ContractError(f"{address}: not an address: {error}") from error
    if token and not (token.isascii() and token.isprintable()):
        raise ContractError("token: expected one line of ASCII, which a header can carry")
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return {"base_url": address, "headers": headers, "timeout": timeout}


def _blocking(
    make: Callable[Settings, _Request[Answer]],
) -> Callable[Concatenate[Client, Settings], Answer]:
    """Return the method that sends a request and waits for its answer."""

    @wraps(make)
    def send(self: Client, /, *given: Settings.args, **settings: Settings.kwargs) -> Answer:
        return self.send(make(*given, **settings))

    return send


def _awaited(
    make: Callable[Settings, _Request[Answer]],
) -> Callable[Concatenate[AsyncClient, Settings], Coroutine[Any, Any, Answer]]:
    """Return the method that sends a request, to be awaited."""

    @wraps(make)
    async def send(
        self: AsyncClient, /, *given: Settings.args, **settings: Settings.kwargs
    ) -> Answer:
        return await self.send(make(*given, **settings))

    return send


class Client:
    """Speaks with a service and waits for its answers; to be closed, or used in a `with` block."""

    def __init__(
        self, address: str, *, token: str | None = None, timeout: float = PATIENCE
    ) -> None:
        self._address = address
        self._client = httpx.Client(**_options(address, token, timeout))

    enhance = _blocking(_enhance)
    inspect = _blocking(_inspect)
    methods = _blocking(_methods)

    def send(self, request: _Request[Answer]) -> Answer:
        """Send a request, again where the service has too much to do, and read its answer."""
        body, parameters = request.body(), httpx.QueryParams(request.asked)
        tries = 0
        while True:
            tries += 1
            with _reaching(self._address):
                answer = self._client.request(
                    request.verb, request.path, params=parameters, content=body
                )
            seconds = _wait(answer, tries)
            if seconds is None:
                return request.read(_checked(answer))
            time.sleep(seconds)

    def close(self) -> None:
        """Close its connections."""
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *ended: object) -> None:
        self.close()


class AsyncClient:
    """The same for asyncio; to be closed, or used in an `async with` block."""

    def __init__(
        self, address: str, *, token: str | None = None, timeout: float = PATIENCE
    ) -> None:
        self._address = address
        self._client = httpx.AsyncClient(**_options(address, token, timeout))

    enhance = _awaited(_enhance)
    inspect = _awaited(_inspect)
    methods = _awaited(_methods)

    async def send(self, request: _Request[Answer]) -> Answer:
        """Send a request as `Client.send` does."""
        body, parameters = request.body(), httpx.QueryParams(request.asked)
        tries = 0
        while True:
            tries += 1
            with _reaching(self._address):
                answer = await self._client.request(
                    request.verb, request.path, params=parameters, content=body
                )
            seconds = _wait(answer, tries)
            if seconds is None:
                return request.read(_checked(answer))
            await asyncio.sleep(seconds)

    async def close(self) -> None:
        """Close its connections."""
        await self._client.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *ended: object) -> None:
        await self.close()
