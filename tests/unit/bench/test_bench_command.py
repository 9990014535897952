"""Someone else's program: what it makes, and every way in which it can fail."""

from __future__ import annotations

import sys
from pathlib import Path
from time import perf_counter

import numpy as np
import pytest

from e2e.command import put_photo
from relume.bench.command import command_row
from relume.data import Pair
from relume.errors import ContractError, UnreadableError
from relume.io import read

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="its programs are shell scripts")


def program(tmp_path: Path, body: str) -> str:
    path = tmp_path / "a program"
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return str(path)


@pytest.fixture
def pair(tmp_path: Path) -> Pair:
    low = tmp_path / "it's; a $picture.png"  # nothing a shell should see
    put_photo(low)
    return Pair("1", low, None, "1")


def test_a_program_is_a_row(tmp_path: Path, pair: Pair) -> None:
    row = command_row("copy", program(tmp_path, 'cp "$1" "$2"'), time_limit=20)
    low = read(pair.low)
    row.start(low)
    product = row.produce(pair, low)
    row.stop()
    assert np.array_equal(product.picture, low.pixels)
    assert product.seconds is not None
    assert product.mebibytes is not None
    assert product.mebibytes > 0.1
    assert row.origin(pair).kind == "command"
    assert row.origin(pair).name == "a program"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("echo first; echo it broke >&2; exit 3", "ended with 3 on 1: it broke"),
        ("true", "wrote no output on 1"),
        ("kill -9 $$", "ended with -9"),
    ],
)
def test_a_program_that_fails(tmp_path: Path, pair: Pair, body: str, message: str) -> None:
    row = command_row("bad", program(tmp_path, body), time_limit=20)
    with pytest.raises(ContractError, match=message):
        row.produce(pair, read(pair.low))


def test_a_program_that_writes_no_picture(tmp_path: Path, pair: Pair) -> None:
    row = command_row("bad", program(tmp_path, 'echo hello > "$2"'), time_limit=20)
    with pytest.raises(UnreadableError):
        row.produce(pair, read(pair.low))


def test_a_program_that_never_ends(tmp_path: Path, pair: Pair) -> None:
    row = command_row("slow", program(tmp_path, "sleep 60 & wait"), time_limit=0.2)
    begin = perf_counter()
    with pytest.raises(ContractError, match=r"took longer than 0\.2 s"):
        row.produce(pair, read(pair.low))
    assert perf_counter() - begin < 20


def test_what_is_no_program(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match="no executable"):
        command_row("none", str(tmp_path / "none"), time_limit=1)
