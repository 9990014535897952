"""The pure part of the kernel: C without Python, which others than Python wrap, too."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

import relume.render
from relume import render

HERE = Path(relume.render.__file__).parent
COMPILER = shutil.which("cc")
FOR_PYTHON = {"checks.h", "on_maps.h"}
"""Parts of the files that wrap the pure ones for Python."""

PROGRAM = """
#include "kernel.h"
void mean(const uint8_t *source, Size height, Size width, float *target, double *sum) {
    average_plain(source, U8, height, width, 3, 1, 1, 0, 1, target, sum);
}
"""


def test_it_compiles_and_runs_without_python(tmp_path):
    if COMPILER is None:
        pytest.skip("there is no C compiler `cc`")
    (tmp_path / "program.c").write_text(PROGRAM, encoding="utf-8")
    library = tmp_path / "program.so"
    flags = ["-O1", "-shared", "-fPIC", "-Wall", "-Wextra", "-Werror", "-Wno-unused-function"]
    command = [COMPILER, *flags, f"-I{HERE}", "program.c", "-o", str(library)]
    subprocess.run(command, cwd=tmp_path, check=True, timeout=120)
    picture = np.random.default_rng(0).integers(0, 256, (7, 5, 3), np.uint8)
    found, line = np.zeros(3, np.float32), np.zeros(15)
    ctypes.CDLL(str(library)).mean(
        ctypes.c_void_p(picture.ctypes.data),
        ctypes.c_ssize_t(7),
        ctypes.c_ssize_t(5),
        ctypes.c_void_p(found.ctypes.data),
        ctypes.c_void_p(line.ctypes.data),
    )
    assert np.array_equal(found, render.reduce(picture, height=1, width=1)[0, 0])


def test_no_header_but_those_for_python_names_it():
    for header in HERE.glob("*.h"):
        text = header.read_text(encoding="utf-8")
        named = "PyErr" in text or "Py_" in text
        assert named == (header.name in FOR_PYTHON), header.name
        assert named or not any(f'"{other}"' in text for other in FOR_PYTHON), header.name
