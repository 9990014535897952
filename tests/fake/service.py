"""A service of its own for a test: started on a free port, ended when the test is over."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import numpy as np

from fake.night import night
from relume.io import encode
from relume.photo import Format, Photo

PATIENCE = 60.0
"""Seconds for anything here; a busy machine is slow."""


@dataclass
class Running:
    """A service that runs, and a client of it."""

    process: subprocess.Popen[bytes]
    address: str
    client: httpx.Client
    log: Path

    @property
    def port(self) -> int:
        return int(self.address.rsplit(":", 1)[1].strip("/"))

    def workers(self) -> list[int]:
        """Return the process ids of its workers."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(pid) for pid in children.read_text().split()]

    def stop(self) -> int:
        """Ask it to stop, as systemd would, and return its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE)


@contextmanager
def service(folder: Path, *options: str) -> Iterator[Running]:
    """Run `relume serve` on a free port of this machine."""
    command = [sys.executable, "-m", "relume.cli", "serve", "--port", "0", *options]
    log = folder / "service.log"
    with (
        log.open("wb") as errors,
        subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=errors,
            env={**os.environ, "RELUME_THREADS": "1"},
        ) as process,
    ):
        try:
            give_up = threading.Timer(PATIENCE, process.kill)
            give_up.start()
            assert process.stdout is not None
            line = process.stdout.readline().decode()
            give_up.cancel()
            assert line.startswith("relume: http://"), log.read_text()
            address = line.split()[1]
            with httpx.Client(base_url=address, timeout=PATIENCE) as client:
                yield Running(process, address, client, log)
        finally:
            if process.poll() is None:
                process.terminate()
                try:
                    process.wait(PATIENCE)
                except subprocess.TimeoutExpired:
                    process.kill()


def picture(height: int = 48, width: int = 64, *, format: Format = "jpeg", seed: int = 7) -> bytes:
    """Return a small night picture as a file's bytes."""
    pixels = np.rint(night(height, width, seed=seed) * 255).astype(np.uint8)
    return encode(Photo(pixels), format=format)
