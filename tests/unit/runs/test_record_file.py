"""A record where nothing may be written is read all the same, its journal with it."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from relume.errors import UnreadableError, UnwritableError
from relume.runs.manifest import Manifest
from relume.runs.manifest_files import manifest_of
from relume.runs.rows import Ending

NOBODY = 65534
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="root becomes somebody else here")


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that others can reach."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


@contextmanager
def only_reading(folder: Path) -> Generator[None]:
    """Be somebody who may write nothing there; root may write everywhere."""
    home = folder / ".relume"
    home.chmod(0o555)
    was_root = os.geteuid() == 0
    if was_root:
        os.setresuid(NOBODY, NOBODY, 0)
    try:
        yield
    finally:
        if was_root:
            os.setresuid(0, 0, 0)
        home.chmod(0o755)


def record(folder: Path) -> Manifest:
    book = Manifest(manifest_of(folder), root=folder)
    book.open_run("{}", command=["enhance", "d"])
    book.begin_all([(folder / "a.jpg", "d/a.jpg", None, None)])
    book.end(folder / "a.jpg", Ending("done", output_hash="0"))
    return book


def names(folder: Path) -> set[str]:
    return {path.name for path in (folder / ".relume").iterdir()}


def test_a_record_that_was_closed(folder: Path) -> None:
    record(folder).close()
    with only_reading(folder), Manifest.there(manifest_of(folder), root=folder) as book:
        assert not book.is_writable
        assert [row.output for row in book.rows()] == ["a.jpg"]
        assert book.runs()[0].results == str(folder)
        with pytest.raises(UnwritableError, match="cannot be written"):
            book.mark(book.rows(), "damaged")
    assert names(folder) == {"run.sqlite"}


def test_a_journal_that_was_left_is_read_too(folder: Path) -> None:
    other = folder / "copy"
    book = record(folder)
    (other / ".relume").mkdir(parents=True)
    for end in ("", "-wal"):  # as kill -9 leaves them, and a copy without the index
        shutil.copy(f"{book.path}{end}", other / ".relume")
    book.close()
    assert (other / ".relume/run.sqlite-wal").stat().st_size
    before = names(other)
    with only_reading(other), Manifest.there(manifest_of(other), root=other) as book:
        assert [row.state for row in book.rows()] == ["done"]
        assert book.counts() == {"done": 1}
    assert names(other) == before


def test_a_record_of_an_earlier_release_is_read_and_gets_what_it_lacks(folder: Path) -> None:
    with record(folder) as book:
        book._base.execute("ALTER TABLE runs DROP COLUMN results")  # pyright: ignore[reportPrivateUsage]
    with only_reading(folder), Manifest.there(manifest_of(folder), root=folder) as book:
        assert book.runs()[0].results is None
    with Manifest.there(manifest_of(folder), root=folder) as book:
        book.open_run("{}", command=[])
        assert [run.results for run in book.runs()] == [None, str(folder)]


def test_an_empty_file_is_no_record_to_ask(folder: Path) -> None:
    manifest_of(folder).parent.mkdir()
    manifest_of(folder).touch()
    with pytest.raises(UnreadableError, match="an empty file where a manifest was"):
        Manifest.there(manifest_of(folder), root=folder)
