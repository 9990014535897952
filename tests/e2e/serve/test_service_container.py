"""The container's recipe, taken step by step without docker."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


def instructions() -> dict[str, str]:
    """Return the last of each of the Dockerfile's instructions."""
    lines = (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()
    kept = [line.partition(" ")[::2] for line in lines if line and not line.startswith("#")]
    return dict(kept)


def test_it_runs_as_nobody_in_particular() -> None:
    said = instructions()
    assert int(said["USER"]) > 0
    assert "/v1/ready" in said["HEALTHCHECK"]
    assert "torch" not in (ROOT / "Dockerfile").read_text().split("\nFROM ", 1)[1]


@pytest.mark.skipif(
    os.environ.get("RELUME_CONTAINER") != "1",
    reason="takes minutes and a network; RELUME_CONTAINER=1 asks for it",
)
@pytest.mark.skipif(os.geteuid() != 0, reason="needs root for chroot and mounts")
@pytest.mark.skipif(shutil.which("debootstrap") is None, reason="apt-get install debootstrap")
def test_the_recipe(tmp_path: Path) -> None:
    script = [sys.executable, ROOT / "scripts" / "container.py", tmp_path / "container"]
    done = subprocess.run(script, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "built, enhanced a mounted folder, served, healthy, stopped" in done.stdout
