"""The Python client, waiting and awaited."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

import relume
from fake.service import Running, picture
from relume.client import AsyncClient, Client, ServiceError
from relume.errors import ContractError


def test_waiting(running: Running, tmp_path: Path) -> None:
    low = tmp_path / "low.jpg"
    low.write_bytes(picture())
    with Client(running.address) as service:
        found = service.enhance(low, method="gamma", knobs={"gamma": 0.6}, format="png", side=32)
        assert (found.width, found.height, found.media) == (32, 24, "image/png")
        assert (found.method, found.knobs, found.reason) == ("gamma", {"gamma": 0.6}, "")
        assert relume.read(found.data).pixels.shape == (24, 32, 3)
        assert found.seconds["enhance"] >= 0
        assert service.enhance(low.read_bytes()).reason
        assert service.inspect(low)["width"] == 64
        assert "relume" in [card["name"] for card in service.methods()]
        with pytest.raises(ServiceError, match="starts with 'hello'") as caught:
            service.enhance(b"hello")
        assert (caught.value.status, caught.value.kind) == (422, "unreadable")
        with pytest.raises(ServiceError, match="did you mean relume"):
            service.enhance(low, method="relum")


def test_awaited(running: Running) -> None:
    async def several() -> list[str]:
        async with AsyncClient(running.address) as service:
            work = (service.enhance(picture(seed=n), method="relume") for n in range(4))
            found = await asyncio.gather(*work)
            with pytest.raises(ServiceError, match="from 0 to 1"):
                await service.enhance(picture(), strength=2.0)
            assert (await service.inspect(picture()))["format"] == "jpeg"
            assert await service.methods()
            return [one.method for one in found]

    assert asyncio.run(several()) == ["relume"] * 4


def test_nobody_there() -> None:
    with Client("http://127.0.0.1:9") as service, pytest.raises(ServiceError) as caught:
        service.methods()
    assert caught.value.status == 0
    assert "is `relume serve` running there?" in str(caught.value)
    with pytest.raises(ContractError, match="expected an address"):
        Client("127.0.0.1:8000")


@pytest.mark.parametrize("address", ["http://[::1", "http://127.0.0.1:port", "ftp://a.example"])
def test_what_is_no_address(address: str) -> None:
    with pytest.raises(ContractError, match="address"):
        Client(address)


@pytest.mark.parametrize("token", ["schlüssel", "two\nlines"])
def test_a_token_that_no_header_can_carry(token: str) -> None:
    with pytest.raises(ContractError, match="token: expected one line of ASCII"):
        Client("http://127.0.0.1:1", token=token)
