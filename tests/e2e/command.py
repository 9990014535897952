"""Helpers of the tests of the command line."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from fake.night import night

COMMAND = (sys.executable, "-m", "relume.cli")


@dataclass(frozen=True)
class Ended:
    """How a run ended."""

    code: int
    out: str
    err: str

    @property
    def complaint(self) -> str:
        """The one line on standard error."""
        lines = self.err.splitlines()
        assert len(lines) == 1, self.err
        assert lines[0].startswith("relume: ")
        return lines[0]


Call = Callable[..., Ended]


def run(
    *arguments: str, given: bytes = b"", env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    """Run a command in a process of its own, with `given` on its standard input."""
    return subprocess.run(
        [*COMMAND, *arguments],
        input=given,
        capture_output=True,
        env={**os.environ, **(env or {})},
        timeout=120,
        check=False,
    )


def put_photo(path: str | Path, *, height: int = 48, width: int = 64, seed: int = 7) -> bytes:
    """Write a small night picture and return the file's bytes."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.rint(night(height, width, seed=seed) * 255).astype(np.uint8)
    Image.fromarray(pixels).save(path)
    return path.read_bytes()


def mean(path: str | Path) -> float:
    """Return a picture's mean in [0, 255]."""
    with Image.open(path) as image:
        return float(np.asarray(image).mean())
