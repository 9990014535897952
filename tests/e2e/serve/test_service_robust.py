"""What happens when things go wrong: workers die, clients leave, too much comes at once."""

from __future__ import annotations

import os
import signal
import socket
import struct
import time
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import psutil
import pytest

from fake.service import PATIENCE, Running, picture, service

SLOW = {"method": "hvr"}
"""A method that takes many seconds for the picture below."""


@pytest.fixture(scope="module")
def slow_picture() -> bytes:
    return picture(900, 900)


@pytest.fixture
def two(tmp_path: Path) -> Iterator[Running]:
    with service(tmp_path, "--workers", "2", "--memory", "6144") as running:
        yield running


def until(condition: Callable[[], bool]) -> None:
    """Wait until something holds."""
    for _ in range(int(PATIENCE / 0.05)):
        if condition():
            return
        time.sleep(0.05)
    raise AssertionError("it did not happen")


def metric(running: Running, line: str) -> float:
    """Return one value of /metrics; 0 where it is not there yet."""
    for found in running.client.get("/metrics").text.splitlines():
        if found.startswith(line + " "):
            return float(found.rsplit(" ", 1)[1])
    return 0.0


@contextmanager
def posting(
    running: Running, *bodies: bytes, **parameters: str
) -> Iterator[list[Future[httpx.Response]]]:
    """Post bodies side by side, each from a thread and connection of its own."""

    def post(body: bytes) -> httpx.Response:
        url = running.address + "v1/enhance"
        return httpx.post(url, params=parameters, content=body, timeout=PATIENCE)

    with ThreadPoolExecutor(len(bodies)) as threads:
        yield [threads.submit(post, body) for body in bodies]


def test_workers_killed_at_work_and_idle_come_back(two: Running, slow_picture: bytes) -> None:
    first = two.workers()
    with posting(two, slow_picture, slow_picture, **SLOW) as answers:
        # Both have opened their picture: what each was granted for `hvr` is a gibibyte.
        until(lambda: metric(two, 'relume_memory_held_bytes{share="work"}') > 2**31)
        os.kill(first[0], signal.SIGKILL)
        until(lambda: any(answer.done() for answer in answers))
        (died,) = [answer.result() for answer in answers if answer.done()]
        assert died.status_code == 500
        assert died.json()["type"] == "urn:relume:problem:worker-died"
        assert "signal 9" in died.json()["detail"]
        # The neighbour is still at its picture; the place of the dead one is filled again.
        assert two.client.post("/v1/enhance", content=picture()).status_code == 200
        os.kill(first[1], signal.SIGKILL)
        assert all(answer.result().status_code == 500 for answer in answers)
    until(lambda: len(two.workers()) == 2 and not set(first) & set(two.workers()))
    assert two.client.get("/v1/ready").status_code == 200
    idle = two.workers()
    for pid in idle:
        os.kill(pid, signal.SIGKILL)
    assert two.client.post("/v1/enhance", content=picture()).status_code == 200
    until(lambda: len(two.workers()) == 2 and not set(idle) & set(two.workers()))
    # Which of the two it is at the end, the next request decides, which may come in between.
    reasons = ("died", "died idle", "did not start")
    ended = [metric(two, f'relume_workers_ended_total{{reason="{one}"}}') for one in reasons]
    assert ended[0] >= 2
    assert sum(ended) == 4
    assert metric(two, 'relume_memory_held_bytes{share="work"}') == 0
    assert metric(two, 'relume_memory_held_bytes{share="uploads"}') == 0


def test_a_picture_that_takes_too_long_ends_alone(tmp_path: Path, slow_picture: bytes) -> None:
    with (
        service(tmp_path, "--workers", "2", "--timeout", "6", "--memory", "2048") as running,
        posting(running, slow_picture, **SLOW) as (slow,),
    ):
        until(lambda: metric(running, "relume_workers_busy") == 1)
        assert running.client.post("/v1/enhance", content=picture()).status_code == 200
        answer = slow.result()
        assert answer.status_code == 504
        assert answer.json()["type"] == "urn:relume:problem:over-time"
        assert "longer than 6 s" in answer.json()["detail"]
        assert running.client.post("/v1/enhance", content=picture()).status_code == 200


def test_when_the_client_leaves_the_work_ends(two: Running, slow_picture: bytes) -> None:
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(two.address + "v1/enhance", params=SLOW, content=slow_picture, timeout=1.0)
    until(lambda: metric(two, 'relume_workers_ended_total{reason="client left"}') == 1)
    until(lambda: metric(two, "relume_workers_busy") == 0)
    assert metric(two, "relume_cancelled_total") == 1
    assert metric(two, 'relume_memory_held_bytes{share="work"}') == 0
    assert two.client.post("/v1/enhance", content=picture()).status_code == 200


def test_a_full_queue_refuses_at_once(tmp_path: Path, slow_picture: bytes) -> None:
    options = ("--workers", "1", "--queue", "1", "--timeout", "3", "--memory", "2048")
    with (
        service(tmp_path, *options) as running,
        posting(running, slow_picture, slow_picture, **SLOW) as answers,
    ):
        until(lambda: metric(running, "relume_queue_length") == 1)
        refused = running.client.post("/v1/enhance", content=picture(600, 800))
        assert refused.status_code == 503
        assert refused.json()["type"] == "urn:relume:problem:busy"
        assert 1 <= int(refused.headers["retry-after"]) <= 60
        assert refused.headers["connection"] == "close"
        ready = running.client.get("/v1/ready")  # what would hang is not called ready
        assert ready.status_code == 503
        assert running.client.get("/v1/health").status_code == 200
        assert {answer.result().status_code for answer in answers} == {504}


def test_slow_clients_block_nobody(running: Running) -> None:
    """Headers and bodies that come a byte at a time hold a connection and nothing else."""
    with ExitStack() as stack:
        head = b"POST /v1/enhance HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 90000000\r\n"
        for number in range(120):
            slow = socket.create_connection(("127.0.0.1", running.port), timeout=PATIENCE)
            stack.callback(slow.close)
            slow.sendall(head[: 20 + number % 40] if number % 2 else head + b"\r\n\xff\xd8\xff")
        for _ in range(10):
            assert running.client.post("/v1/enhance", content=picture()).status_code == 200
        assert metric(running, 'relume_memory_held_bytes{share="uploads"}') < 100_000


def test_stopping_finishes_what_was_accepted(tmp_path: Path) -> None:
    with service(tmp_path, "--workers", "2", "--memory", "2048") as running:
        pids = running.workers()
        bodies = [picture(900, 1200, seed=seed) for seed in range(6)]
        with posting(running, *bodies, method="lime") as answers:

            def accepted() -> float:
                done = sum(answer.done() for answer in answers)
                held = metric(running, "relume_queue_length") + metric(
                    running, "relume_workers_busy"
                )
                return done + held

            until(lambda: accepted() >= 6)
            running.process.send_signal(signal.SIGTERM)
            assert [answer.result().status_code for answer in answers] == [200] * 6
        assert running.process.wait(PATIENCE) == 0
        assert not any(psutil.pid_exists(pid) for pid in pids)


def test_workers_end_with_a_service_that_was_killed(tmp_path: Path) -> None:
    with service(tmp_path, "--workers", "1") as running:
        (worker,) = running.workers()
        running.process.kill()
        running.process.wait(PATIENCE)
        until(lambda: not psutil.pid_exists(worker))


def test_too_large_is_refused_before_it_has_arrived(tmp_path: Path) -> None:
    """The connection ends although 50 MB were announced and hardly any were sent."""
    chunk = b"IHDR" + struct.pack(">IIBBBBB", 15000, 15000, 8, 2, 0, 0, 0)
    png = b"\x89PNG\r\n\x1a\n\0\0\0\r" + chunk + struct.pack(">I", zlib.crc32(chunk))
    with service(tmp_path, "--workers", "1", "--memory", "1024") as running:
        assert "would take about" in _early(running, png, length=50_000_000)
        assert metric(running, "relume_workers_busy") == 0
        assert "more than 100000000 bytes" in _early(running, png, length=2_000_000_000)
        assert "more than" in _early(running, b"x" * 200_000, length=None)
        refused = running.client.post("/v1/inspect", content=png)
        assert refused.status_code == 413
        assert refused.json()["type"] == "urn:relume:problem:too-large"


def _early(running: Running, body: bytes, *, length: int | None) -> str:
    """Send the start of an upload and return the refusal that comes all the same."""
    framing = "Transfer-Encoding: chunked" if length is None else f"Content-Length: {length}"
    head = f"POST /v1/enhance HTTP/1.1\r\nHost: 127.0.0.1\r\n{framing}\r\n\r\n".encode()
    with socket.create_connection(("127.0.0.1", running.port), timeout=PATIENCE) as client:
        client.sendall(head)
        if length is None:
            piece = b"%x\r\n" % len(body) + body + b"\r\n"
            try:
                for _ in range(2000):  # 400 MB, were they taken
                    client.sendall(piece)
            except OSError:
                pass
            else:
                raise AssertionError("everything was taken")
        else:
            client.sendall(body)
        answer = b""
        try:
            while more := client.recv(65536):
                answer += more
        except ConnectionResetError:
            pass  # the refusal came before the reset, or the test fails below
    assert answer.startswith(b"HTTP/1.1 413"), answer[:200]
    assert b"connection: close" in answer.lower()
    return answer.decode()


def test_more_at_once_than_memory_allows(tmp_path: Path) -> None:
    """Each is answered, and all processes together stay within the budget and a fifth."""
    budget = 420
    body = picture(1000, 1500)
    with service(tmp_path, "--workers", "2", "--memory", str(budget)) as running:
        service_process = psutil.Process(running.process.pid)
        with posting(running, *[body] * 16, method="relume") as answers:
            most = 0
            while not all(answer.done() for answer in answers):
                family = [service_process, *service_process.children()]
                most = max(most, sum(_resident(one) for one in family))
                time.sleep(0.05)
        statuses = [answer.result().status_code for answer in answers]
        assert set(statuses) <= {200, 503}
        assert statuses.count(200) >= 2
        assert most < budget * 2**20 * 1.2
        assert metric(running, 'relume_workers_ended_total{reason="memory"}') == 0


def _resident(process: psutil.Process) -> int:
    try:
        return process.memory_info().rss
    except psutil.NoSuchProcess:
        return 0
