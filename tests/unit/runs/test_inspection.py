"""What is found of results while another run is at work on them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from relume.runs.inspection import Look, inspect
from relume.runs.manifest import Manifest
from relume.runs.manifest_files import manifest_of
from relume.runs.rows import Ending
from relume.runs.stamp import Stamp, digest, stamp


def test_what_another_run_makes_meanwhile_is_seen_as_it_is_then(tmp_path: Path) -> None:
    output = tmp_path / "a.jpg"

    def put(data: bytes) -> None:
        output.write_bytes(data)
        book.begin_all([(output, "a", None, None)])
        book.end(output, Ending("done", output_stamp=stamp(output), output_hash=digest(output)))

    def look_late(place: str) -> Stamp | None:
        put(b"what another run has made")  # after the row was read
        return stamp(Path(place))

    def content(place: str) -> str | None:
        return digest(Path(place))

    def yes(_: str) -> bool:
        return True

    with Manifest(manifest_of(tmp_path), root=tmp_path) as book:
        book.open_run("{}", command=[])
        put(b"first")
        (found,) = inspect(book, Look(look_late, content, yes, yes))
    assert found.what == "whole"


@pytest.mark.parametrize("known", [True, False], ids=["content", "size and time"])
def test_what_may_not_be_read_is_neither_whole_nor_damaged(tmp_path: Path, known: bool) -> None:
    output = tmp_path / "a.jpg"
    output.write_bytes(b"made")
    readable = False

    def may_read(_: str) -> bool:
        return readable

    def no(_: str) -> bool:
        return False

    def content(place: str) -> str | None:
        return digest(Path(place)) if readable else None

    def stamp_of(place: str) -> Stamp | None:
        return stamp(Path(place))

    look = Look(stamp_of, content, may_read, no)
    with Manifest(manifest_of(tmp_path), root=tmp_path) as book:
        book.open_run("{}", command=[])
        book.begin_all([(output, "a", None, None)])
        made = Ending("done", output_stamp=stamp(output), output_hash=digest(output))
        book.end(output, made if known else replace(made, output_hash=None))
        assert [found.what for found in inspect(book, look)] == ["unreadable"]
        readable = True
        assert [found.what for found in inspect(book, look)] == ["whole"]
        output.write_bytes(b"other")
        assert [found.what for found in inspect(book, look)] == ["damaged"]
