"""What the service answers to."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from time import perf_counter

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from relume import __version__, methods
from relume.serve import metrics, openapi
from relume.serve.answer import Picture
from relume.serve.guard import GONE
from relume.serve.job import Job, Result
from relume.serve.service import Service
from relume.serve.task import Kind, Task, of_fields
from relume.serve.uploads import Upload, receive


def service_of(request: Request) -> Service:
    """Return the service that a request came to."""
    return request.app.state.service


async def enhance(request: Request) -> Response:
    """Answer the enhanced picture, or JSON that holds it."""
    try:
        upload, task = await _received(request, "enhance")
        begun = perf_counter()
        result = await _done(request, task, upload)
    except ClientDisconnect:
        return Response(status_code=GONE)
    worked = sum(result.account["seconds"].values())
    return Picture(result, queued=max(0.0, perf_counter() - begun - worked))


async def inspect(request: Request) -> Response:
    """Say what a picture is."""
    try:
        upload, task = await _received(request, "inspect")
        result = await _done(request, task, upload)
    except ClientDisconnect:
        return Response(status_code=GONE)
    result.close()
    return JSONResponse(result.account)


async def _received(request: Request, kind: Kind) -> tuple[Upload, Task]:
    service = service_of(request)
    said = request.query_params.multi_items()
    task = of_fields(said, kind=kind)  # before a byte is read
    service.pool.check_room()
    upload = await receive(
        request,
        service.uploads,
        max_bytes=service.settings.max_bytes,
        check=lambda width, height, first: service.check(task, width, height, first),
    )
    try:
        if upload.fields:
            task = of_fields([*said, *upload.fields], kind=kind)
    except BaseException:
        upload.close()
        raise
    return upload, task


async def _done(request: Request, task: Task, upload: Upload) -> Result:
    """Have it done, unless the client leaves first.

    Raises: ClientDisconnect; Problem.
    """
    job = Job(task, upload.spool, upload.first, upload.declared)
    left = asyncio.create_task(_left(request))
    left.add_done_callback(lambda _: job.answer.cancel())
    try:
        return await service_of(request).do(job)
    except asyncio.CancelledError:
        if left.done() and not left.cancelled():
            raise ClientDisconnect from None
        raise
    finally:
        left.cancel()
        upload.close()


async def _left(request: Request) -> None:
    """Wait until the client has gone; one that only stops sending counts as gone, too."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def list_methods(request: Request) -> Response:
    """List the cards of all methods."""
    return JSONResponse([asdict(card) for card in methods.cards()])


async def health(request: Request) -> Response:
    """Say that the service is alive."""
    return JSONResponse({"alive": True, "version": __version__})


async def ready(request: Request) -> Response:
    """Enhance a tiny picture through everything."""
    seconds = await service_of(request).readiness()
    return JSONResponse({"ready": True, "seconds": round(seconds, 4)})


async def count(request: Request) -> Response:
    """Answer the metrics."""
    service = service_of(request)
    for share, budget in (("uploads", service.uploads), ("work", service.pool.work)):
        service.metrics.held.labels(share).set(budget.total - budget.free)
    service.metrics.waiting.set(service.pool.waiting)
    return Response(service.metrics.text(), media_type=metrics.MEDIA)


async def describe(request: Request) -> Response:
    """Answer the OpenAPI document."""
    return JSONResponse(openapi.document())
