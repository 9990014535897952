"""The application: routes, and what stands before them."""

from __future__ import annotations

from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from relume.errors import RelumeError
from relume.serve import endpoints, problems
from relume.serve.guard import Account, Guard
from relume.serve.service import Service
from relume.serve.settings import Settings

PAGE = Path(__file__).parent / "page"
FORM = 1 << 20
"""Bytes of a form around its picture."""


def application(service: Service) -> Starlette:
    """Return a service as an ASGI application; whoever runs it starts and closes the service."""
    settings = service.settings
    most = settings.max_bytes + FORM  # a second net: uploads count for themselves
    app = Starlette(
        routes=[
            Route("/v1/enhance", endpoints.enhance, methods=["POST"], max_body_size=most),
            Route("/v1/inspect", endpoints.inspect, methods=["POST"], max_body_size=most),
            Route("/v1/methods", endpoints.list_methods),
            Route("/v1/health", endpoints.health),
            Route("/v1/ready", endpoints.ready),
            Route("/v1/openapi.json", endpoints.describe),
            Route("/metrics", endpoints.count),
            Route("/", _page),
            Mount("/page", StaticFiles(directory=PAGE)),
        ],
        middleware=[
            Middleware(Account, metrics=service.metrics),
            *_cors(settings),  # before the guard: a page that is let in may read its refusals
            Middleware(Guard, settings=settings),
        ],
        exception_handlers={
            problems.Problem: problems.on_problem,
            RelumeError: problems.on_relume_error,
            HTTPException: problems.on_http_exception,
            Exception: problems.on_anything,
        },
    )
    app.state.service = service
    return app


async def _page(_: Request) -> FileResponse:
    return FileResponse(PAGE / "index.html", headers={"Cache-Control": "no-cache"})


def _cors(settings: Settings) -> list[Middleware]:
    if not settings.origins:
        return []
    cors = Middleware(
        CORSMiddleware,
        allow_origins=list(settings.origins),
        allow_methods=["GET", "POST"],
        allow_headers=["Authorization", "Content-Type"],
        expose_headers=["Relume-Method", "Relume-Reason", "Relume-Knobs", "Relume-Notes",
                        "Relume-Size", "Relume-Original", "Relume-Request",
                        "Server-Timing", "Retry-After"],
    )  # fmt: skip
    return [cors]
