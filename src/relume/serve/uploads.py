"""Receiving an upload: counted while it comes, into memory, under no name."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic

from python_multipart.exceptions import FormParserError
from starlette.requests import Request

from relume.errors import ContractError
from relume.serve.budget import Budget, Hold
from relume.serve.declared import ENOUGH, declared
from relume.serve.multipart import Form
from relume.serve.problems import Problem, busy, too_large
from relume.serve.spool import Spool

PATIENCE = 20.0
"""Seconds without a byte after which an upload ends."""
LEAST_RATE = 16 * 1024
"""Bytes a second that an upload must keep up on average, once it took PATIENCE."""
FIRST = 64
"""How many first bytes are kept to recognise a format by."""

Check = Callable[[int, int, bytes], None]
"""Called with the declared width and height and the first bytes; raises what refuses them."""


@dataclass
class Upload:
    """What a request brought: a file's bytes, and the fields of its form."""

    spool: Spool
    hold: Hold
    fields: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    first: bytes = b""
    declared: tuple[int, int] | None = None
    """Width and height, where the first bytes tell them."""

    def close(self) -> None:
        """Let go of the bytes and of what was held for them."""
        self.spool.close()
        self.hold.release()


@dataclass
class _Sink:
    """Where the file's bytes go."""

    upload: Upload
    check: Check
    seen: bytearray = field(default_factory=bytearray)

    def __call__(self, piece: bytes | memoryview) -> None:
        upload = self.upload
        if not upload.hold.grow(len(piece)):
            raise busy(1, "the memory for uploads is in use")
        upload.spool.append(piece)
        if upload.declared is not None or len(self.seen) > ENOUGH:
            return
        self.seen += piece
        upload.first = bytes(self.seen[:FIRST])
        size = declared(self.seen)
        if size is not None:
            upload.declared = size
            self.check(*size, upload.first)


async def receive(request: Request, budget: Budget, *, max_bytes: int, check: Check) -> Upload:
    """Receive the picture of a request, as its whole body or as the file of a form.

    Raises: Problem; ContractError for a malformed form; what `check` raises; ClientDisconnect.
    """
    length = request.headers.get("content-length", "0")
    stated = int(length) if length.isdecimal() and len(length) < 19 else 0
    most = min(max_bytes, budget.total)
    if stated > most:
        raise too_large(most)
    if stated > budget.free:
        raise busy(1, "the memory for uploads is in use")
    upload = Upload(Spool(), budget.hold())
    try:
        await _fill(request, _Sink(upload, check), most)
    except BaseException:
        upload.close()
        raise
    return upload


async def _fill(request: Request, sink: _Sink, most: int) -> None:
    kind = request.headers.get("content-type", "")
    total, begun = 0, monotonic()
    form: Form | None = None
    try:
        if kind.lower().startswith("multipart/form-data"):
            form = Form(kind, sink)
        take = sink if form is None else form.take
        async with asyncio.timeout(PATIENCE) as limit:
            async for piece in request.stream():
                total += len(piece)
                if total > most:
                    raise too_large(most)
                late = monotonic() - begun - PATIENCE
                if late > 0 and total < late * LEAST_RATE:
                    raise TimeoutError
                take(piece)
                limit.reschedule(asyncio.get_running_loop().time() + PATIENCE)
    except TimeoutError:
        raise Problem("slow-upload", "the upload came too slowly and was given up") from None
    except FormParserError as error:
        raise ContractError(f"the form is malformed: {error}") from error
    if form is not None:
        form.end()
        sink.upload.fields = form.fields
