"""The built page on a server of its own, and a browser that opens it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
CLANG = next((each for each in ("clang-19", "clang") if shutil.which(each)), None)
LINKER = next((each for each in ("wasm-ld-19", "wasm-ld") if shutil.which(each)), None)
CHROMIUM = next((each for each in ("chromium", "chromium-browser") if shutil.which(each)), None)


class _Handler(SimpleHTTPRequestHandler):
    extensions_map = {  # noqa: RUF012  (the base class has it as a plain dictionary)
        ".html": "text/html",
        ".js": "text/javascript",
        ".css": "text/css",
        ".svg": "image/svg+xml",
        ".wasm": "application/wasm",
        ".webmanifest": "application/manifest+json",
        "": "application/octet-stream",
    }

    def log_message(self, format: str, *args: Any) -> None:
        pass


def build(out: Path) -> str:
    """Build the page into a folder and return what was printed; skip where a tool is absent."""
    if CLANG is None or LINKER is None:
        pytest.skip("building the page needs clang and wasm-ld (apt install clang-19 lld-19)")
    command = [sys.executable, str(ROOT / "web/build.py"), "--out", str(out)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder on a free port of this machine; gives the address."""
    handler = partial(_Handler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()
        thread.join()


@contextmanager
def browser() -> Iterator[Any]:
    """Start Chromium without a window; skip where it or its driver is absent."""
    api = pytest.importorskip("playwright.sync_api", reason="needs playwright (relume[dev])")
    if CHROMIUM is None:
        pytest.skip("needs Chromium (apt install chromium)")
    arguments = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    with api.sync_playwright() as play:
        started = play.chromium.launch(executable_path=shutil.which(CHROMIUM), args=arguments)
        yield started
        started.close()


class Page:
    """The page, open in a browser, and what was asked of the network since."""

    def __init__(self, context, address: str) -> None:
        self.context, self.address = context, address
        self.requests: list[str] = []
        self.errors: list[str] = []
        self.page = context.new_page()
        context.on("request", lambda request: self.requests.append(request.url))
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.open()

    def open(self) -> None:
        self.page.goto(self.address)
        self.page.wait_for_selector("body[data-state]", timeout=60_000)

    def put(self, name: str, data: bytes) -> None:
        """Choose a file and go on at once."""
        files = [{"name": name, "mimeType": "application/octet-stream", "buffer": data}]
        self.page.set_input_files("#choose", files)

    def give(self, name: str, data: bytes) -> None:
        """Choose a file and wait until all of it is painted."""
        self.put(name, data)
        self.page.wait_for_function(
            "name => document.getElementById('status').textContent.startsWith(`${name}: `)",
            arg=name,
            timeout=60_000,
        )

    def enhance(self) -> None:
        """Enhance what was left alone."""
        if self.page.locator("#alone").is_visible():
            self.page.click("#anyway")
            self.page.wait_for_selector("#alone", state="hidden")

    def save(self, form: str) -> bytes:
        """Save what is open, and return the file."""
        self.page.wait_for_selector("#save:enabled", timeout=60_000)
        self.page.select_option("#format", form)
        with self.page.expect_download() as found:
            self.page.click("#save")
        return Path(found.value.path()).read_bytes()
