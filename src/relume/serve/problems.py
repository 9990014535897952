"""What can go wrong over HTTP, as problem details (RFC 9457), in the command line's own words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse

from relume.errors import RelumeError

MEDIA = "application/problem+json"


@dataclass(frozen=True)
class Kind:
    """One kind of problem."""

    status: int
    title: str


KINDS: Mapping[str, Kind] = {
    "bad-request": Kind(400, "The request cannot be understood"),
    "unknown-name": Kind(400, "Nothing is called that"),
    "contract": Kind(400, "A value is out of its range"),
    "unauthorized": Kind(401, "A token is needed"),
    "forbidden-origin": Kind(403, "Another web page may not use this service"),
    "not-found": Kind(404, "There is nothing here"),
    "method-not-allowed": Kind(405, "Not with this HTTP method"),
    "slow-upload": Kind(408, "The upload came too slowly"),
    "too-large": Kind(413, "More than the limit"),
    "missing-extra": Kind(415, "This service cannot read such files"),
    "wrong-host": Kind(421, "The service is not called that"),
    "header-too-large": Kind(431, "The header is too long"),
    "unreadable": Kind(422, "Not a picture that can be read"),
    "unwritable": Kind(422, "The result cannot be written so"),
    "internal": Kind(500, "Something unexpected failed"),
    "worker-died": Kind(500, "The worker died at this picture"),
    "busy": Kind(503, "Too much to do"),
    "over-time": Kind(504, "The picture took too long"),
}
"""Name, the last part of a problem's type → what it is."""

_OF_ERRORS: Mapping[str, str] = {
    "UnreadableError": "unreadable",
    "UnwritableError": "unwritable",
    "TooLargeError": "too-large",
    "UnknownNameError": "unknown-name",
    "ContractError": "contract",
    "MissingExtraError": "missing-extra",
}
"""Class of a RelumeError → the kind it is over HTTP; all others are our own fault."""


class Problem(Exception):  # noqa: N818 (RFC 9457 calls it so)
    """A request that gets an explanation instead of what it asked for."""

    def __init__(self, kind: str, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail
        self.headers = dict(headers or {})

    @classmethod
    def of_error(cls, name: str, words: str) -> Problem:
        """Return the problem that an error of this class is."""
        return cls(_OF_ERRORS.get(name, "internal"), words)

    def response(self) -> JSONResponse:
        """Return the answer that explains it."""
        kind = KINDS[self.kind]
        content = {
            "type": f"urn:relume:problem:{self.kind}",
            "title": kind.title,
            "status": kind.status,
            "detail": self.detail,
        }
        return JSONResponse(content, kind.status, self.headers, media_type=MEDIA)


def busy(seconds: float, why: str) -> Problem:
    """Return the refusal of what cannot be taken now, with the seconds after which to try."""
    wait = str(min(max(int(seconds) + 1, 1), 60))
    return Problem("busy", f"{why}; try again in {wait} s", {"Retry-After": wait})


def too_large(most: int) -> Problem:
    """Return the refusal of an upload of more than `most` bytes."""
    words = f"the upload: more than {most} bytes, which is the limit; the service can raise it with"
    return Problem("too-large", f"{words} --max-bytes and --memory")


def on_problem(_: Request, error: Exception) -> JSONResponse:
    """Answer a Problem."""
    assert isinstance(error, Problem)
    return error.response()


def on_relume_error(_: Request, error: Exception) -> JSONResponse:
    """Answer an error meant for the user."""
    assert isinstance(error, RelumeError)
    return Problem.of_error(type(error).__name__, str(error)).response()


def on_http_exception(request: Request, error: Exception) -> JSONResponse:
    """Answer what the router refuses."""
    assert isinstance(error, HTTPException)
    kinds = {404: "not-found", 405: "method-not-allowed", 413: "too-large"}
    kind = kinds.get(error.status_code, "bad-request")
    place = request.url.path[:80]
    words = {
        404: f"{place}: there is nothing here; the API is described at /v1/openapi.json",
        405: f"{place} does not answer to {request.method}",
    }
    detail = words.get(error.status_code, HTTPStatus(error.status_code).phrase)
    return Problem(kind, detail, error.headers).response()


def on_anything(_: Request, error: Exception) -> JSONResponse:
    """Answer what should not happen, without telling a stranger what it was."""
    return Problem("internal", f"unexpected {type(error).__name__}; the log says more").response()
