"""Files that are what a manifest knows of them, asked in C and in Python."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from relume.runs import unchanged
from relume.runs.rows import Settled
from relume.runs.stamp import stamp
from relume.runs.unchanged import are_unchanged, compiled

needs_c = pytest.mark.skipif(compiled() is None, reason="runs/_unchanged.c is not compiled")


@pytest.fixture(params=[pytest.param("c", marks=needs_c), "python"], autouse=True)
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "python":
        monkeypatch.setattr(unchanged, "compiled", lambda: None)


def known(source: Path, result: Path) -> Settled:
    first, second = stamp(source), stamp(result)
    assert first is not None
    assert second is not None
    return (result.name, str(source), first.size, first.mark, second.size, second.mark)


def files(folder: Path, name: str) -> tuple[Path, Path]:
    source, result = folder / name, folder / f"{name}.out"
    source.write_bytes(b"in")
    result.write_bytes(b"result")
    return source, result


def ask(source: str | Path, result: str | Path, row: Settled | None) -> bool:
    (answer,) = are_unchanged([(str(source), str(result))], [row])
    return answer


@pytest.mark.parametrize("name", ["a.jpg", "ü ☾.jpg", os.fsdecode(b"\xff\xfe.jpg")])
def test_as_they_were_until_one_changes(tmp_path: Path, name: str) -> None:
    pair = files(tmp_path, name)
    row = known(*pair)
    assert ask(*pair, row)
    assert not ask(*pair, None)
    assert not ask(f"{pair[0]}2", pair[1], row)
    for path in pair:
        before = path.stat()
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns + 1))
        assert not ask(*pair, row)
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
        assert ask(*pair, row)
        data = path.read_bytes()
        path.write_bytes(data + b"more")
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
        assert not ask(*pair, row)
        path.write_bytes(data)
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
        path.rename(f"{path}.away")
        assert not ask(*pair, row)
        Path(f"{path}.away").rename(path)
    assert ask(*pair, row)


def test_times_before_1970(tmp_path: Path) -> None:
    pair = files(tmp_path, "old.jpg")
    for path in pair:
        os.utime(path, ns=(-1_500_000_001, -1_500_000_001))
    assert ask(*pair, known(*pair))


@pytest.mark.parametrize("name", ["a\0b", "a\ud800b"], ids=["null", "surrogate"])
def test_names_that_no_file_has(tmp_path: Path, name: str) -> None:
    source, result = files(tmp_path, "a")
    row = known(source, result)
    assert not ask(name, result, (row[0], name, *row[2:]))
    assert not ask(source, f"{tmp_path}/{name}", row)


def test_each_pair_is_answered_for_itself(tmp_path: Path) -> None:
    pairs = [files(tmp_path, f"{index}") for index in range(100)]
    rows = [known(*pair) if index % 3 else None for index, pair in enumerate(pairs)]
    for _, result in pairs[::5]:
        result.unlink()
    asked = [(str(source), str(result), index) for index, (source, result) in enumerate(pairs)]
    expected = [index % 3 != 0 and index % 5 != 0 for index in range(100)]
    assert are_unchanged(asked, rows) == expected
    assert are_unchanged([], []) == []
