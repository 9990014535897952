"""What the service costs beside calling relume in one process, as ratios measured in one run.

Usage: python benchmarks/service.py [--memory | --crowd]

Without an option: throughput, latency, a large picture, the fixed cost of a request, and how soon
a killed worker is back. The client is http.client with a connection for each thread, since it
shares the processors with the service; what it takes itself is told by a route that does nothing.
--crowd: 200 large uploads at once, and the memory of all processes.
--memory: what each method takes at 12 megapixels, which `relume.serve.cost` rests on.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

import httpx
import numpy as np

import relume
from relume import methods
from relume.io import encode, read
from relume.photo import Photo
from relume.runtime import Enhancer

ROUNDS = 3
SMALL, LARGE = (400, 600), (2828, 4242)


def night(height: int, width: int) -> bytes:
    """Return a dim scene with a lamp and noise as a JPEG."""
    random = np.random.default_rng(7)
    y, x = np.mgrid[:height, :width].astype(np.float32)
    light = 0.03 + 0.08 * x / width + 0.02 * np.sin(y / 23)
    light += 0.5 * np.exp(-((x / width - 0.7) ** 2 + (y / height - 0.3) ** 2) / 0.01)
    noise = random.standard_normal((height, width, 3)).astype(np.float32) * 0.008
    pixels = np.clip(light[..., None] * np.array([1.0, 0.85, 0.7], np.float32) + noise, 0, 1)
    return encode(Photo(np.rint(pixels * 255).astype(np.uint8)), format="jpeg")


@contextmanager
def service(*options: str) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """Run a service on a free port."""
    command = [sys.executable, "-m", "relume.cli", "serve", "--port", "0", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        try:
            yield process, process.stdout.readline().decode().split()[1]
        finally:
            process.terminate()


def seconds(work: Callable[[], object]) -> float:
    """Return how long a call takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def workers(pid: int) -> list[int]:
    """Return the processes that a service started."""
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


class Client:
    """One that takes little itself: a kept connection for each thread."""

    def __init__(self, address: str) -> None:
        self._place = urlsplit(address).netloc
        self._own = threading.local()

    def __call__(self, method: str, path: str, data: bytes | None = None) -> bytes:
        """Return the answer's body."""
        if not hasattr(self._own, "connection"):
            self._own.connection = HTTPConnection(self._place, timeout=120)
        self._own.connection.request(method, path, data)
        answer = self._own.connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise RuntimeError(body.decode())
        return body


def main() -> None:
    """Print the ratios."""
    small, large = night(*SMALL), night(*LARGE)
    tiny = encode(Photo(np.full((1, 1, 3), 9, np.uint8)), format="png")
    enhancer = Enhancer("relume")

    def in_process(data: bytes) -> bytes:
        return encode(enhancer.photo(read(data)).photo)

    with service("--memory", "4096") as (process, address):
        client = Client(address)

        def over_http(data: bytes) -> bytes:
            return client("POST", "/v1/enhance?method=relume", data)

        over_http(large)
        for data in (tiny, small, large):  # warm
            in_process(data)
            for _ in range(4):
                over_http(data)

        many = 32
        direct, served, slow, singles, least = [], [], [], [], []
        for _ in range(ROUNDS):
            with ThreadPoolExecutor(2) as threads:
                took = seconds(lambda: list(threads.map(in_process, [small] * many)))
            direct.append(many / took)
            one = median(seconds(lambda: over_http(small)) for _ in range(9))
            singles.append(one * 1000)
            with ThreadPoolExecutor(8) as threads:
                start = time.perf_counter()
                each = sorted(threads.map(lambda _: seconds(lambda: over_http(small)), range(many)))
                served.append(many / (time.perf_counter() - start))
            slow.append(each[int(many * 0.95)] / one)
            least.append(8 / served[-1] / one)
        ratio = median(a / b for a, b in zip(served, direct, strict=True))
        print(f"600×400, 8 at once: {ratio:.2f} of the throughput of two threads in one process")
        print(f"600×400, 8 at once: p95 {median(slow):.2f} times a single request's median")
        print(f"600×400, one request: {median(singles):.1f} ms")
        print(f"600×400, 8 at once: {median(least):.2f} times that on average, by the throughput")

        pairs = [
            (seconds(lambda: over_http(large)), seconds(lambda: in_process(large)))
            for _ in range(ROUNDS)
        ]
        print(f"12 MP: {median(a / b for a, b in pairs):.2f} times the call in one process")

        with httpx.Client(base_url=address, timeout=120) as usual:
            calls: dict[str, Callable[[], object]] = {
                "in one process": lambda: in_process(tiny),
                "over HTTP": lambda: over_http(tiny),
                "a route that does nothing": lambda: client("GET", "/v1/health"),
                "over HTTP, by httpx": lambda: usual.post(
                    "/v1/enhance?method=relume", content=tiny
                ),
            }
            took: dict[str, list[float]] = {name: [] for name in calls}
            for _ in range(200):
                for name, call in calls.items():
                    took[name].append(seconds(call) * 1000)
        each = {name: median(all) for name, all in took.items()}
        print("1×1, ms: " + ", ".join(f"{name} {ms:.2f}" for name, ms in each.items()))
        fixed = median(
            a - b for a, b in zip(took["over HTTP"], took["in one process"], strict=True)
        )
        print(f"1×1: {fixed:.2f} ms more than the call in one process")

        for victim in (0, 1):
            pid = workers(process.pid)[victim]
            os.kill(pid, signal.SIGKILL)
            start = time.perf_counter()
            ended = "relume_workers_ended"
            while pid in workers(process.pid) or ended not in client("GET", "/metrics").decode():
                time.sleep(0.005)
            with ThreadPoolExecutor(2) as threads:  # both workers answer
                list(threads.map(over_http, [small] * 2))
            print(f"killed worker: {time.perf_counter() - start:.2f} s until both answer again")


def crowd() -> None:
    """Print what 200 large uploads at once are answered and take."""
    large, budget, many = night(*LARGE), 1024, 200
    with service("--memory", str(budget)) as (process, address):
        most, stop = 0, threading.Event()

        def resident(pid: int) -> int:
            try:
                status = Path(f"/proc/{pid}/statm").read_text().split()
            except OSError:
                return 0
            return int(status[1]) * os.sysconf("SC_PAGE_SIZE")

        def look() -> None:
            nonlocal most
            while not stop.wait(0.02):
                pids = [process.pid, *workers(process.pid)]
                most = max(most, sum(resident(pid) for pid in pids))

        def post(_: int) -> int:
            url = address + "v1/enhance?method=relume"
            return httpx.post(url, content=large, timeout=600).status_code

        watcher = threading.Thread(target=look)
        watcher.start()
        with ThreadPoolExecutor(many) as threads:
            statuses = list(threads.map(post, range(many)))
        stop.set()
        watcher.join()
    found = ", ".join(f"{statuses.count(one)} × {one}" for one in sorted(set(statuses)))
    print(f"{many} uploads of {len(large) / 1e6:.1f} MB at once: {found}")
    print(
        f"resident, all processes: {most / 2**20:.0f} MiB, {most / 2**20 / budget:.2f} of --memory"
    )


ONE = """
import sys
from pathlib import Path
from relume.io import encode, read
from relume.runtime import Enhancer
from relume.bench.memory import Meter
data, enhancer = Path(sys.argv[2]).read_bytes(), Enhancer(sys.argv[1])
encode(enhancer.photo(read(Path(sys.argv[3]).read_bytes())).photo)
meter = Meter()
meter.restart()
photo = read(data)
encode(enhancer.photo(photo).photo)
print(meter.mebibytes() * 2**20 / (photo.width * photo.height))
"""


def memory(folder: Path) -> None:
    """Print the bytes per pixel of each method at 12 megapixels, in a process of its own."""
    large, small = folder / "large.jpg", folder / "small.jpg"
    large.write_bytes(night(*LARGE))
    small.write_bytes(night(16, 16))
    for card in methods.cards():
        if card.input == "mosaic" or card.name in ("hvr", "illrecnet", "pairlie"):
            continue  # minutes each; their memory is bounded by their cards
        command = [sys.executable, "-c", ONE, card.name, str(large), str(small)]
        found = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        print(f"{card.name}: {float(found):.1f} bytes per pixel")


if __name__ == "__main__":
    print(f"relume {relume.__version__}")
    if "--crowd" in sys.argv:
        crowd()
    elif "--memory" in sys.argv:
        import tempfile

        with tempfile.TemporaryDirectory() as folder:
            memory(Path(folder))
    else:
        main()
