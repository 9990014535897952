"""The layers and the lift under the address and undefined-behaviour sanitizers, without Python."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

import relume.render
from relume.engines import cell_layers
from relume.methods.relume import CARD
from relume.runtime import weights

HERE = Path(relume.render.__file__).parent
COMPILER = shutil.which("gcc") or shutil.which("clang")

PROGRAM = Path(__file__).parent / "sanitized.c"


@pytest.mark.slow
def test_nothing_is_read_or_written_outside(tmp_path):
    if COMPILER is None:
        pytest.skip("needs gcc or clang")
    layers = cell_layers.read(weights.read_published("relume", f"{CARD.weights[0].name}.onnx"))
    assert layers is not None
    (tmp_path / "table").write_bytes(np.ascontiguousarray(layers.table).tobytes())
    (tmp_path / "weights").write_bytes(np.ascontiguousarray(layers.weights).tobytes())
    flags = ["-O0", "-g1", "-fno-math-errno", "-fsanitize=address,undefined", "-Wall", "-Wextra"]
    more = ["-fno-sanitize-recover=all", "-Wno-unused-function", f"-I{HERE}"]
    command = [COMPILER, *flags, *more, str(PROGRAM), "-o", "program", "-lm"]
    built = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=240)
    if "sanitize" in built.stderr or "asan" in built.stderr:
        pytest.skip("this compiler has no sanitizers")
    assert built.returncode == 0, built.stderr
    done = subprocess.run(["./program"], cwd=tmp_path, capture_output=True, text=True, timeout=240)
    assert (done.returncode, done.stdout.strip()) == (0, "clean"), done.stderr[:2000]
