"""Running the service until it is told to stop; what it had accepted is finished first."""

from __future__ import annotations

import resource
import signal
import socket
import sys
from collections.abc import Callable
from types import FrameType

import uvicorn

from relume.errors import ContractError
from relume.serve.app import application
from relume.serve.log import log, take_over
from relume.serve.protocol import ImpatientProtocol
from relume.serve.service import Service
from relume.serve.settings import Settings

BACKLOG = 1024
PATIENCE = 5.0
"""Seconds an idle connection is kept."""


def run(settings: Settings, *, started: Callable[[str], None]) -> None:
    """Serve until a signal; `started` is told the address.

    Raises: ContractError when the address cannot be had or the memory is too little.
    """
    listener = listen(settings)
    _more_connections()
    take_over()
    service = Service(settings)
    config = uvicorn.Config(
        application(service),
        http=ImpatientProtocol,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        backlog=BACKLOG,
        timeout_keep_alive=int(PATIENCE),
    )
    server = Server(config, service, lambda: started(address(settings, listener)))
    # The signal that ended it is raised again when all is finished, and then means nothing.
    for one in (signal.SIGINT, signal.SIGTERM):
        signal.signal(one, _nothing)
    server.run(sockets=[listener])
    log("stopped")


def _nothing(signal: int, frame: FrameType | None) -> None:
    pass


class Server(uvicorn.Server):
    """Starts the service's workers before it listens, and ends them after its last answer."""

    def __init__(
        self, config: uvicorn.Config, service: Service, started: Callable[[], None]
    ) -> None:
        super().__init__(config)
        self._service = service
        self._tell = started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await self._service.start()
        await super().startup(sockets)
        self._tell()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await super().shutdown(sockets)
        await self._service.close()


def listen(settings: Settings) -> socket.socket:
    """Take the address. Raises: ContractError."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    # The protocol is named because asyncio sends at once (TCP_NODELAY) only where it reads TCP:
    # else every answer whose header goes first waits 40 ms for the other side's acknowledgement.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((settings.host, settings.port))
    except OSError as error:
        listener.close()
        reason = (error.strerror or str(error)).lower()
        raise ContractError(
            f"{settings.host}:{settings.port} cannot be had: {reason}; choose another --host or "
            "--port (0 takes a free one)"
        ) from error
    return listener


def address(settings: Settings, listener: socket.socket) -> str:
    """Return where the page is."""
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return f"http://{host}:{listener.getsockname()[1]}/"


def _more_connections() -> None:
    """Allow as many open connections as the system lets us: idle ones cost little."""
    if sys.platform != "win32":
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, 65536), most))
