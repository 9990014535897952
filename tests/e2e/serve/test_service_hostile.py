"""Uploads and requests that nobody in their right mind would send."""

from __future__ import annotations

import random
import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from hypothesis import HealthCheck, Phase, given, settings

from fake.service import PATIENCE, Running, picture, service
from relume.serve.task import FORMATS

MANY = 2000
AT_ONCE = 4


def mutated(data: bytes, draw: random.Random) -> bytes:
    """Return a file with bytes changed, cut out, doubled or cut off."""
    changed = bytearray(data)
    for _ in range(draw.choice((1, 1, 2, 4, 16))):
        at = draw.randrange(len(changed))
        way = draw.randrange(5)
        if way == 0:
            changed[at] = draw.randrange(256)
        elif way == 1:
            changed[at] ^= 1 << draw.randrange(8)
        elif way == 2:
            changed[at : at + 4] = draw.choice(
                (b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff")
            )
        elif way == 3:
            del changed[at : at + draw.randrange(1, 20)]
        else:
            changed[at:at] = changed[at : at + draw.randrange(1, 20)]
        changed = changed or bytearray(b"\0")
    return bytes(changed)


@pytest.mark.slow
def test_mutated_uploads(tmp_path: Path) -> None:
    """No worker dies, nothing is answered as our fault, and nobody grows."""
    originals = [picture(16, 24, format=format) for format in FORMATS]
    with service(tmp_path, "--workers", "2", "--memory", "1024") as running:
        workers = running.workers()

        def post(number: int, client: httpx.Client) -> int:
            draw = random.Random(number)
            body = mutated(originals[number % len(originals)], draw)
            path = "/v1/inspect" if number % 5 == 0 else "/v1/enhance?method=gamma"
            return client.post(path, content=body).status_code

        def some(first: int, end: int) -> list[int]:
            with httpx.Client(base_url=running.address, timeout=PATIENCE) as client:
                return [post(number, client) for number in range(first, end, AT_ONCE)]

        def all_of(first: int, end: int) -> list[int]:
            with ThreadPoolExecutor(AT_ONCE) as threads:
                parts = threads.map(lambda start: some(first + start, end), range(AT_ONCE))
                return [status for part in parts for status in part]

        def resident() -> int:
            return sum(psutil.Process(pid).memory_info().rss for pid in workers)

        statuses = all_of(0, MANY // 2)
        before = resident()
        statuses += all_of(MANY // 2, MANY)
        assert len(statuses) == MANY
        assert set(statuses) <= {200, 413, 415, 422}
        assert statuses.count(200) > MANY // 20
        assert statuses.count(422) > MANY // 20
        assert running.workers() == workers
        assert resident() - before < 48 * 2**20
        assert running.client.get("/v1/ready").status_code == 200


def _operations() -> list[tuple[str, str]]:
    from relume.serve.openapi import document

    return [(path, verb) for path, item in document()["paths"].items() for verb in item]


@pytest.mark.slow
@pytest.mark.parametrize(("path", "verb"), _operations())
def test_what_the_openapi_document_allows(running: Running, path: str, verb: str) -> None:
    """Requests drawn from the document, right and wrong, are answered as it says."""
    import schemathesis
    from schemathesis.specs.openapi.checks import positive_data_acceptance

    # No schema can say which bytes are a picture, or which knobs belong to which method.
    beyond_schemas: list[Any] = [positive_data_acceptance]
    schema: Any = schemathesis.openapi.from_url(running.address + "v1/openapi.json")
    operation = schema[path][verb.upper()]

    @given(case=operation.as_strategy())
    @settings(
        max_examples=40 if verb == "post" else 5,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def check(case: Any) -> None:
        answer = case.call(timeout=PATIENCE)
        assert answer.status_code < 500 or answer.status_code == 503, answer.text
        case.validate_response(answer, excluded_checks=beyond_schemas)

    check()


def said(running: Running, sent: bytes) -> bytes:
    """Return the answer to bytes that no client would send."""
    with socket.create_connection(("127.0.0.1", running.port), PATIENCE) as client:
        client.sendall(sent)
        client.settimeout(PATIENCE)
        answer = b""
        while piece := client.recv(65536):
            answer += piece
    return answer


def test_a_form_whose_boundary_is_none(running: Running) -> None:
    kind = f"multipart/form-data; boundary={'b' * 3000}"
    answer = running.client.post("/v1/enhance", content=picture(), headers={"content-type": kind})
    assert answer.status_code == 400
    assert "the form is malformed" in answer.json()["detail"]


def test_what_is_not_http_gets_a_problem(running: Running) -> None:
    for sent in (b"NONSENSE\r\n\r\n", b"POST / HTTP/1.1\r\nContent-Length: -5\r\n\r\n"):
        answer = said(running, sent)
        assert answer.startswith(b"HTTP/1.1 400 "), answer
        assert b"application/problem+json" in answer
        assert b"urn:relume:problem:bad-request" in answer


def test_a_request_for_two_hosts(running: Running) -> None:
    here = f"GET /v1/health HTTP/1.1\r\nHost: 127.0.0.1:{running.port}\r\nConnection: close\r\n"
    assert said(running, f"{here}\r\n".encode()).startswith(b"HTTP/1.1 200 ")
    assert said(running, f"{here}Host: evil.example\r\n\r\n".encode()).startswith(b"HTTP/1.1 421 ")


@pytest.mark.parametrize("part", ["header", "trailer"])
def test_a_header_without_end_is_cut_off(running: Running, part: str) -> None:
    """The parser would keep all of it in memory."""
    begin = f"POST /v1/inspect HTTP/1.1\r\nHost: 127.0.0.1:{running.port}\r\n"
    if part == "trailer":
        begin += "Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n"
    with socket.create_connection(("127.0.0.1", running.port), PATIENCE) as client:
        client.settimeout(PATIENCE)
        client.sendall(f"{begin}X-Long: ".encode())
        with pytest.raises((BrokenPipeError, ConnectionResetError)):
            client.sendall(b"a" * (64 * 2**20))
    ready = {"x-long": "a" * 32768}
    assert running.client.get("/v1/health", headers=ready).status_code == 200
