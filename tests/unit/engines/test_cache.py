"""The cache: what was put comes back, damaged files do not, and it stays within its limit."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from relume.engines import cache
from relume.engines.cache import Shelf
from relume.errors import UnwritableError


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "relume"


def test_what_was_put_comes_back(place: Path) -> None:
    shelf = Shelf("models")
    assert shelf.take("a") is None
    shelf.put("a", b"one")
    shelf.put("b", b"two")
    shelf.put("a", b"three")
    assert (shelf.take("a"), shelf.take("b")) == (b"three", b"two")
    assert Shelf("others").take("a") is None
    assert sorted(path.name for path in place.iterdir()) == ["models", "others"]


@pytest.mark.parametrize("damage", [b"", b"short", b"x" * 100])
def test_a_damaged_file_is_absent_and_goes(place: Path, damage: bytes) -> None:
    shelf = Shelf("models")
    shelf.put("a", b"content")
    (file,) = (place / "models").iterdir()
    file.write_bytes(damage)
    assert shelf.take("a") is None
    assert not file.exists()


def test_a_changed_byte_is_noticed(place: Path) -> None:
    shelf = Shelf("models")
    shelf.put("a", b"content")
    (file,) = (place / "models").iterdir()
    file.write_bytes(file.read_bytes()[:-1] + b"!")
    assert shelf.take("a") is None


def test_the_least_used_go_first(place: Path) -> None:
    shelf = Shelf("models", most_bytes=400)
    for age, key in enumerate("abc"):
        shelf.put(key, bytes(100))
        newest = max((place / "models").iterdir(), key=lambda path: path.stat().st_mtime_ns)
        os.utime(newest, (age, age))
    assert shelf.take("a") is not None  # now it is the one used last
    shelf.put("d", bytes(100))
    assert [key for key in "abcd" if shelf.take(key)] == ["a", "d"] or shelf.take("b") is None
    assert sum(path.stat().st_size for path in (place / "models").iterdir()) <= 400
    shelf.put("huge", bytes(500))
    assert shelf.take("huge") is None


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="needs POSIX permissions")
def test_it_is_private() -> None:
    folder = cache.private_folder("models")
    assert folder.stat().st_mode & 0o777 == 0o700
    folder.chmod(0o777)
    with pytest.raises(UnwritableError, match="others may write"):
        cache.private_folder("models")
    shelf = Shelf("models")
    shelf.put("a", b"content")
    assert shelf.take("a") is None


def test_a_cache_that_cannot_be_written_is_no_fault(place: Path) -> None:
    place.write_bytes(b"a file where the folder should be")
    shelf = Shelf("models")
    shelf.put("a", b"content")
    assert shelf.take("a") is None
    with pytest.raises(UnwritableError):
        cache.private_folder()


@pytest.mark.parametrize(
    ("system", "expected"),
    [
        ("linux", Path(".cache/relume")),
        ("darwin", Path("Library/Caches/relume")),
        ("win32", Path("AppData/relume/Cache")),
    ],
)
def test_each_system_has_its_place(
    system: str, expected: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "AppData"))
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    monkeypatch.setattr(cache.sys, "platform", system)
    assert cache.folder() == tmp_path / expected
