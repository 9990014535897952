"""The page's own C under the sanitizers, and what it finds visible beside what Python does."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from relume.runtime.visible import visible

ROOT = Path(__file__).parents[3]
COMPILER = shutil.which("gcc") or shutil.which("clang")
PROGRAM = Path(__file__).parent / "page_sanitized.c"
PLACES = [ROOT / each for each in ("web/src", "src/relume/render", "src/relume/filters")]


@pytest.fixture(scope="module")
def program(tmp_path_factory) -> Path:
    if COMPILER is None:
        pytest.skip("needs gcc or clang")
    folder = tmp_path_factory.mktemp("page")
    flags = ["-O0", "-g1", "-fno-math-errno", "-ffp-contract=off"]
    flags += ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
    flags += ["-Wno-unused-function", *(f"-I{place}" for place in PLACES)]
    command = [COMPILER, *flags, str(PROGRAM), "-o", "program", "-lm"]
    built = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=240)
    if "sanitize" in built.stderr or "asan" in built.stderr:
        pytest.skip("this compiler has no sanitizers")
    assert built.returncode == 0, built.stderr
    return folder / "program"


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("size", [(1, 2), (2, 1), (1, 17), (9, 8), (40, 33), (65, 64), (31, 130)])
def test_what_is_visible_is_what_python_sees(program, size, channels):
    random = np.random.default_rng(size[0] * 1000 + size[1])
    shape = size if channels == 1 else (*size, 3)
    picture = random.integers(0, 256, shape, dtype=np.uint8)
    alpha = random.integers(0, 256, size, dtype=np.uint8)
    alpha[random.random(size) < 0.5] = 0
    alpha[0, 0] = alpha[-1, -1] = 200  # the whole picture is the box
    wanted = visible(picture, alpha)
    assert wanted is not None
    command = [str(program), *map(str, (*size, channels))]
    given = picture.tobytes() + alpha.tobytes()
    # What uncover takes stays, as in the page, until all of it is forgotten.
    quiet = {"ASAN_OPTIONS": "detect_leaks=0"}
    done = subprocess.run(command, input=given, capture_output=True, timeout=60, env=quiet)
    assert done.returncode == 0, done.stderr.decode()[:2000]
    found = np.frombuffer(done.stdout, np.uint8)
    filled, mixed = found[: picture.size], found[picture.size : 2 * picture.size]
    alone = found[2 * picture.size :]
    assert np.abs(filled.reshape(shape).astype(int) - wanted.pixels).max() <= 1
    assert np.array_equal(filled.reshape(shape)[alpha > 0], picture[alpha > 0])
    assert np.abs(mixed.reshape(shape).astype(int) - wanted.mixed).max() <= 1
    assert np.array_equal(alone[: wanted.alone.size], wanted.alone.ravel())
