"""The page, built once, and a browser that has it open."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from fake import page as fake_page
from fake.page import Page
from relume.runtime import Enhancer


@pytest.fixture(scope="session")
def built(tmp_path_factory) -> Path:
    fcntl = pytest.importorskip("fcntl")
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent  # of all workers: the second to come waits for what the first builds
    out = folder / "page"
    with (folder / "page.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not out.exists():
            made = tmp_path_factory.mktemp("page") / "dist"
            print(fake_page.build(made))
            made.rename(out)
    return out


@pytest.fixture(scope="module")
def page(built):
    with fake_page.served(built) as address, fake_page.browser() as browser:
        yield Page(browser.new_context(accept_downloads=True), address)


@pytest.fixture(scope="module")
def enhancer():
    """What the command does when it is told to use `relume`."""
    return Enhancer("relume")
