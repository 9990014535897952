"""What a service is told when it starts."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from ipaddress import ip_address

from relume.errors import ContractError

MIB = 2**20
_HOST = re.compile(r"[a-z0-9._-]+|\[[0-9a-f:.]+\]")
"""What comes before the port in a `Host` header."""
_ORIGIN = re.compile(r"null|[a-z][a-z0-9+.-]*://([a-z0-9._-]+|\[[0-9a-f:.]+\])(:[0-9]+)?")
"""What an `Origin` header holds (RFC 6454, 6.2): in small letters and without a path."""


@dataclass(frozen=True)
class Settings:
    """Where a service listens and what it may take."""

    host: str = "127.0.0.1"
    port: int = 8000
    """0 takes a free one."""
    workers: int = 2
    """Pictures worked on at the same time, each in a process of its own."""
    memory: int = 2048 * MIB
    """Bytes that all processes together may take."""
    queue: int = 64
    """Pictures that may wait for a worker."""
    timeout: float = 60.0
    """Seconds a worker may take for one picture."""
    max_pixels: int = 250_000_000
    max_bytes: int = 100_000_000
    """Of one request's body."""
    token: bytes | None = field(default=None, repr=False)
    """What a client must send as `Authorization: Bearer`; None asks for nothing."""
    hosts: tuple[str, ...] = ()
    """Names the service answers to besides those of this machine; empty beyond loopback: any."""
    origins: tuple[str, ...] = ()
    """Other web pages that may use it (CORS)."""
    engine: str = "auto"

    def __post_init__(self) -> None:
        for name in ("workers", "queue", "max_pixels", "max_bytes"):
            if getattr(self, name) < 1:
                raise ContractError(f"{name}: expected at least 1, got {getattr(self, name)}")
        if not 0 <= self.port <= 65535:
            raise ContractError(f"port: expected a number from 0 to 65535, got {self.port}")
        if not self.timeout > 0:
            raise ContractError(f"timeout: expected seconds above 0, got {self.timeout:g}")
        if self.token is not None and len(self.token) < 16:
            raise ContractError(
                "token: expected at least 16 characters; make one with: "
                "python -c 'import secrets; print(secrets.token_urlsafe())'"
            )
        if self.token is not None and not all(0x21 <= byte <= 0x7E for byte in self.token):
            raise ContractError(
                "token: expected one line of ASCII without spaces, which a header can carry"
            )
        if not self.host:
            raise ContractError("host: expected an address; 0.0.0.0 is all of this machine")
        for name in self.hosts:
            if not _HOST.fullmatch(name):
                raise ContractError(
                    f"allow-host: expected a name without scheme and port, got {name!r}"
                )
        for origin in self.origins:
            if not _ORIGIN.fullmatch(origin):
                raise ContractError(
                    "allow-origin: expected scheme and host as browsers send them, like "
                    f"https://gallery.example, got {origin!r}"
                )

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach it."""
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"
