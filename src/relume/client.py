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
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self, TypeAlias

import httpx

from relume.errors import ContractError, RelumeError
from relume.photo import Format

Picture: TypeAlias = bytes | Path
"""An encoded picture, or the file that holds it."""
Keep: TypeAlias = Literal["keep", "strip"]

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


def _asked(
    method: str,
    knobs: Mapping[str, float] | None,
    strength: float,
    format: Format | None,
    quality: int | None,
    metadata: Keep,
    side: int | None,
    ev: float,
) -> tuple[tuple[str, str], ...]:
    """Return a request's parameters."""
    plain = {"format": format, "quality": quality, "side": side}
    return (
        ("method", method),
        ("strength", repr(float(strength))),
        ("metadata", metadata),
        ("ev", repr(float(ev))),
        *((name, str(value)) for name, value in plain.items() if value is not None),
        *(("knob", f"{name}={float(value)!r}") for name, value in (knobs or {}).items()),
    )


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


def _unreached(address: str, error: httpx.HTTPError) -> ServiceError:
    reason = str(error) or type(error).__name__
    words = f"{address} does not answer: {reason}; is `relume serve` running there?"
    return ServiceError(0, "unreachable", words)


def _options(address: str, token: str | None, timeout: float) -> dict[str, Any]:
    if not address.startswith(("http://", "https://")):
        raise ContractError(f"{address}: expected an address like http://127.0.0.1:8000")
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return {"base_url": address, "headers": headers, "timeout": timeout}


class Client:
    """Speaks with a service and waits for its answers; to be closed, or used in a `with` block."""

    def __init__(
        self, address: str, *, token: str | None = None, timeout: float = PATIENCE
    ) -> None:
        self._address = address
        self._client = httpx.Client(**_options(address, token, timeout))

    def enhance(
        self,
        picture: Picture,
        *,
        method: str = "auto",
        knobs: Mapping[str, float] | None = None,
        strength: float = 1.0,
        format: Format | None = None,
        quality: int | None = None,
        metadata: Keep = "keep",
        side: int | None = None,
        ev: float = 0.0,
    ) -> Enhanced:
        """Enhance a picture; what the settings mean, docs/service.md says.

        Raises: ServiceError; OSError for a file that cannot be read.
        """
        asked = _asked(method, knobs, strength, format, quality, metadata, side, ev)
        return _enhanced(self._call("POST", "/v1/enhance", picture, asked))

    def inspect(self, picture: Picture) -> dict[str, Any]:
        """Return what a picture is and what `auto` would make of it. Raises: ServiceError."""
        return self._call("POST", "/v1/inspect", picture).json()

    def methods(self) -> list[dict[str, Any]]:
        """Return the cards of all methods. Raises: ServiceError."""
        return self._call("GET", "/v1/methods").json()

    def _call(
        self, verb: str, path: str, picture: Picture | None = None,
        asked: tuple[tuple[str, str], ...] = (),
    ) -> httpx.Response:  # fmt: skip
        body = picture.read_bytes() if isinstance(picture, Path) else picture
        tries = 0
        while True:
            tries += 1
            try:
                answer = self._client.request(
                    verb, path, params=httpx.QueryParams(asked), content=body
                )
            except httpx.HTTPError as error:
                raise _unreached(self._address, error) from error
            seconds = _wait(answer, tries)
            if seconds is None:
                return _checked(answer)
            time.sleep(seconds)

    def close(self) -> None:
        """Close its connections."""
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class AsyncClient:
    """The same for asyncio; to be closed, or used in an `async with` block."""

    def __init__(
        self, address: str, *, token: str | None = None, timeout: float = PATIENCE
    ) -> None:
        self._address = address
        self._client = httpx.AsyncClient(**_options(address, token, timeout))

    async def enhance(
        self,
        picture: Picture,
        *,
        method: str = "auto",
        knobs: Mapping[str, float] | None = None,
        strength: float = 1.0,
        format: Format | None = None,
        quality: int | None = None,
        metadata: Keep = "keep",
        side: int | None = None,
        ev: float = 0.0,
    ) -> Enhanced:
        """Enhance a picture, as `Client.enhance` does."""
        asked = _asked(method, knobs, strength, format, quality, metadata, side, ev)
        return _enhanced(await self._call("POST", "/v1/enhance", picture, asked))

    async def inspect(self, picture: Picture) -> dict[str, Any]:
        """Return what a picture is and what `auto` would make of it. Raises: ServiceError."""
        return (await self._call("POST", "/v1/inspect", picture)).json()

    async def methods(self) -> list[dict[str, Any]]:
        """Return the cards of all methods. Raises: ServiceError."""
        return (await self._call("GET", "/v1/methods")).json()

    async def _call(
        self, verb: str, path: str, picture: Picture | None = None,
        asked: tuple[tuple[str, str], ...] = (),
    ) -> httpx.Response:  # fmt: skip
        body = picture.read_bytes() if isinstance(picture, Path) else picture
        tries = 0
        while True:
            tries += 1
            try:
                answer = await self._client.request(
                    verb, path, params=httpx.QueryParams(asked), content=body
                )
            except httpx.HTTPError as error:
                raise _unreached(self._address, error) from error
            seconds = _wait(answer, tries)
            if seconds is None:
                return _checked(answer)
            await asyncio.sleep(seconds)

    async def close(self) -> None:
        """Close its connections."""
        await self._client.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()
