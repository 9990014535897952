"""What is found of results while another run is at work on them."""

from __future__ import annotations

from pathlib import Path

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

    def is_whole(_: str) -> bool:
        return True

    with Manifest(manifest_of(tmp_path), root=tmp_path) as book:
        book.open_run("{}", command=[])
        put(b"first")
        (found,) = inspect(book, Look(look_late, content, is_whole))
    assert found.what == "whole"
