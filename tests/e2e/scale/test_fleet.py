"""A cluster of two workers of which one is killed, then the driver: every picture once, as ever."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from e2e.command import COMMAND, Call, put_photo, run
from e2e.scale.conftest import LONG, Abandon, title
from relume.extras import missing, pip_line

pytestmark = pytest.mark.skipif("ray" in missing("scale"), reason=f"needs Ray; {pip_line('scale')}")
COUNT = 60
QUIET = {
    "RAY_AUTH_MODE": "disabled",
    "RAY_USAGE_STATS_ENABLED": "0",
    # Or whatever else the machine does keeps workers from starting.
    "RAY_worker_niceness": "0",
    # How long agents look for a cluster that has gone.
    "RAY_gcs_rpc_server_reconnect_timeout_s": "5",
}


def pictures(folder: Path) -> dict[str, bytes]:
    names = (path for path in folder.rglob("*") if path.suffix in (".jpg", ".png"))
    found = (path for path in names if path.is_file())  # what is being written goes any moment
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def wait(what: Callable[[], Any], process: psutil.Popen) -> Any:
    """Return what a function finds, once it does, while a process lives."""
    start = time.perf_counter()
    while not (found := what()):
        assert time.perf_counter() - start < LONG
        assert process.poll() is None, "it ended before it was killed: more pictures are needed"
        time.sleep(0.01)
    return found


def workers(driver: int) -> list[psutil.Process]:
    family = psutil.Process(driver).children(recursive=True)
    return [process for process in family if "ray::Worker" in title(process)]


@pytest.mark.slow
def test_a_worker_and_then_the_driver_are_killed(relume: Call, abandon: Abandon) -> None:
    for index in range(COUNT):
        put_photo(f"d/{index % 3}/{index:03}.jpg", height=600, width=800, seed=index)
    method = ("-m", "relume", "--threads", "1", "-r")
    on_ray = ("enhance", "d", "-o", "out", *method, "--on", "ray", "-j", "2", "--json")
    environment = {**os.environ, **QUIET}
    with psutil.Popen([*COMMAND, *on_ray], stdout=subprocess.DEVNULL, env=environment) as driver:
        wait(lambda: len(pictures(Path("out"))) > 5, driver)
        victim = workers(driver.pid)[0]
        victim.kill()
        before = len(pictures(Path("out")))
        wait(lambda: len(pictures(Path("out"))) > before + 8, driver)
        assert not victim.is_running()
        abandon(driver)
    assert 0 < len(pictures(Path("out"))) < COUNT
    stamps = {name: Path("out", name).stat().st_mtime_ns for name in pictures(Path("out"))}
    Path("d/bad.jpg").write_bytes(b"no picture")

    ended = run(*on_ray, env=QUIET)
    assert ended.returncode == 1
    assert b"bad.jpg" in ended.stderr
    told = [json.loads(line) for line in ended.stdout.splitlines()]
    assert len(told) == COUNT + 1
    done = [line for line in told if line.get("skipped") is False]
    # None was made twice: what lay there when the driver died is as it was.
    assert len(done) == COUNT - len(stamps)
    assert all(Path("out", name).stat().st_mtime_ns == stamp for name, stamp in stamps.items())
    Path("d/bad.jpg").unlink()
    assert relume("enhance", "d", "-o", "single", *method, "-q").code == 0
    assert pictures(Path("out")) == pictures(Path("single"))
    assert relume("runs", "verify", "out").out.splitlines()[-1] == f"{COUNT} whole, 1 failed"
    assert not list(Path("out").rglob("*.part"))
    Path("out/1/001.jpg").unlink()
    ended = run("runs", "retry", "out", env=QUIET)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.startswith(b"forgotten: d/bad.jpg")
    assert ended.stdout.count(b'"skipped": false') == 1
    assert pictures(Path("out")) == pictures(Path("single"))
    assert relume("runs", "verify", "out").out == f"{COUNT} whole\n"


@pytest.mark.slow
def test_a_run_that_lost_workers_makes_every_picture_itself(relume: Call) -> None:
    for index in range(20):
        put_photo(f"d/{index:03}.jpg", height=600, width=800, seed=index)
    on_ray = ("enhance", "d", "-o", "out", "-m", "relume", "--threads", "1", "--on", "ray")
    environment = {**os.environ, **QUIET}
    command = [*COMMAND, *on_ray, "-j", "2", "--json"]
    with psutil.Popen(command, stdout=subprocess.PIPE, env=environment) as driver:
        for done in (2, 8):
            wait(lambda least=done: len(pictures(Path("out"))) > least, driver)
            workers(driver.pid)[0].kill()
        out = driver.stdout.read()
        assert driver.wait(LONG) == 0
    # Ray has a word of its own on workers that die in between.
    told = [json.loads(line) for line in out.splitlines() if line.startswith(b"{")]
    assert [line["skipped"] for line in told] == 20 * [False]
    assert len(pictures(Path("out"))) == 20
    assert relume("runs", "verify", "out").out == "20 whole\n"
