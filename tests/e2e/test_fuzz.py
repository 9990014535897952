"""Damaged files of every format end well or in one line: the beginning of `benchmarks/fuzz.py`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks" / "fuzz.py"


def test_five_hundred_damaged_files() -> None:
    ended = subprocess.run(
        [sys.executable, SCRIPT, "--count", "500"],
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "; 0 faults; " in ended.stdout
