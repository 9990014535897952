"""`relume serve`: an API for programs and a page for people."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from relume.cli._options import Engine, MaxBytes, MaxPixels
from relume.errors import UnreadableError

EXAMPLES = """\
relume serve                                   # then open http://127.0.0.1:8000/
relume serve --port 0 --workers 4 --memory 4096
relume serve --host 0.0.0.0 --token-file token.txt --allow-host pictures.example.org
curl --data-binary @party.jpg http://127.0.0.1:8000/v1/enhance -o bright.jpg"""


def serve(
    host: Annotated[
        str, typer.Option(metavar="ADDRESS", help="Where to listen; only this machine unless set.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 8000,
    workers: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="Pictures at the same time; as many as processors."),
    ] = None,
    memory: Annotated[
        int | None,
        typer.Option(
            min=1, metavar="MIB", help="What all processes may take; half of the machine's."
        ),
    ] = None,
    queue: Annotated[
        int, typer.Option(min=1, metavar="N", help="Pictures that may wait; more are refused.")
    ] = 64,
    timeout: Annotated[
        float, typer.Option(min=0.001, metavar="S", help="Seconds one picture may take.")
    ] = 60.0,
    max_pixels: MaxPixels = None,
    max_bytes: MaxBytes = None,
    token_file: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Holds the token that clients must send."),
    ] = None,
    allow_host: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="A name the service is reached by; may be repeated."),
    ] = None,
    allow_origin: Annotated[
        list[str] | None,
        typer.Option(metavar="ORIGIN", help="Another web page that may use it; may be repeated."),
    ] = None,
    engine: Engine = "auto",
) -> None:
    """Serve an API and a page on this machine.

    The page is at /, the API under /v1; docs/service.md tells more. A signal to stop lets
    pictures in work be finished.
    """
    from relume.extras import need

    for module in ("uvicorn", "httptools", "starlette", "python_multipart", "prometheus_client"):
        need(module, extra="serve")
    from relume import engines
    from relume.proof.doctor import memory_bytes
    from relume.render.bands import thread_count
    from relume.serve.run import run
    from relume.serve.settings import MIB, Settings

    engines.check(engine)
    usual = (memory_bytes() or 4096 * MIB) // 2
    settings = Settings(
        host=host,
        port=port,
        workers=workers or thread_count(None),
        memory=usual if memory is None else memory * MIB,
        queue=queue,
        timeout=timeout,
        max_pixels=max_pixels or Settings.max_pixels,
        max_bytes=max_bytes or Settings.max_bytes,
        token=_token(token_file) if token_file is not None else None,
        hosts=tuple(name.lower() for name in allow_host or ()),
        origins=tuple(allow_origin or ()),
        engine=engine,
    )
    if not settings.is_loopback and settings.token is None:
        typer.echo(
            f"relume: whoever reaches {host} can use this service; --token-file asks for a token",
            err=True,
        )
    run(settings, started=lambda address: typer.echo(f"relume: {address}"))


def _token(path: Path) -> bytes:
    try:
        return path.read_bytes().strip()
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise UnreadableError(f"--token-file {path}: cannot be read: {reason}") from error
