"""What a command loads before it works, and what it sets."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image


@pytest.mark.parametrize(("given", "found"), [(None, "4"), ("20", "20")])
def test_threads_of_numpy_soon_sleep_unless_told_otherwise(
    monkeypatch: pytest.MonkeyPatch, given: str | None, found: str
) -> None:
    monkeypatch.delenv("OPENBLAS_THREAD_TIMEOUT", raising=False)
    if given is not None:
        monkeypatch.setenv("OPENBLAS_THREAD_TIMEOUT", given)
    code = (
        "import os, sys, relume.cli; assert 'numpy' not in sys.modules\n"
        "print(os.environ['OPENBLAS_THREAD_TIMEOUT'])"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == found


VERBS = (["methods"], ["doctor"], ["enhance", "a.png", "-n"], ["enhance", "a.png", "-m", "gamma"])
"""One that imports before it works, and those that say they import within."""


@pytest.mark.parametrize("given", VERBS, ids=" ".join)
def test_garbage_is_looked_for_as_usual_once_a_verb_works(given: list[str], tmp_path: Path) -> None:
    Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(tmp_path / "a.png")
    code = (
        "import gc, os, sys; usual = gc.get_threshold()\n"
        "from relume import cli\n"
        "end = lambda code: sys.exit(0 if gc.get_threshold() == usual else 3)\n"
        f"os._exit = end; sys.argv = {['relume', *given]!r}; cli.main()"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert ended.returncode == 0, ended.stderr


def test_a_first_picture_loads_no_more_than_it_needs(tmp_path: Path) -> None:
    """Each of these takes milliseconds, and most pictures need none of them."""
    Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(tmp_path / "a.jpg")
    unneeded = {"onnxruntime", "pyvips", "logging", "importlib.resources", "concurrent.futures"}
    code = (
        "import sys; from relume.cli import main\n"
        "code = main(['enhance', 'a.jpg', '-m', 'relume', '-q', '-o', 'b.jpg'])\n"
        f"print(*({unneeded!r} & sys.modules.keys())); sys.exit(code)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert (ended.returncode, ended.stdout.split()) == (0, [])
