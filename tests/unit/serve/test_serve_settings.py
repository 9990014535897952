"""What a service is told when it starts, and a pool that would not fit."""

from __future__ import annotations

import asyncio

import pytest

from relume.errors import ContractError
from relume.serve.service import Service
from relume.serve.settings import MIB, Settings


@pytest.mark.parametrize("token", [b"sixteen letters and more", b"sixteen-letters\nand-more",
                                   "schlüssel-schlüssel".encode(), b"\xff" * 20])  # fmt: skip
def test_a_token_that_no_header_can_carry(token: bytes) -> None:
    """It would refuse everybody, the owner too."""
    with pytest.raises(ContractError, match="token: expected one line of ASCII"):
        Settings(token=token)


@pytest.mark.parametrize("name", ["gallery.example:80", "https://gallery.example", "a b", ""])
def test_a_host_that_is_never_asked_for(name: str) -> None:
    with pytest.raises(ContractError, match="allow-host"):
        Settings(hosts=(name,))


@pytest.mark.parametrize("origin", ["https://a.example/", "a.example", "*", "https://A.example"])
def test_an_origin_that_no_browser_sends(origin: str) -> None:
    with pytest.raises(ContractError, match="allow-origin"):
        Settings(origins=(origin,))


def test_names_and_origins_that_are() -> None:
    Settings(
        host="::1",
        token=b"0123456789-_~+/=",
        hosts=("gallery.example", "10.0.0.7", "[fd00::1]"),
        origins=("https://gallery.example:8443", "http://[::1]:80", "null"),
    )


def test_an_empty_address_is_not_everywhere() -> None:
    with pytest.raises(ContractError, match="host"):
        Settings(host="")


def test_workers_that_do_not_fit_are_refused_before_they_are_started() -> None:
    """So many that starting them would take the whole machine's memory."""

    async def start() -> int:
        service = Service(Settings(workers=40, memory=512 * MIB))
        with pytest.raises(ContractError, match=r"its 40 workers need .* fewer --workers"):
            await service.start()
        return sum(slot.process is not None for slot in service.pool.slots)

    assert asyncio.run(start()) <= 1
