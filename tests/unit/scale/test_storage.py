"""Objects of a store that fails and dawdles: whole or not there, and created only once."""

from __future__ import annotations

import hashlib
import importlib.util
import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from e2e.command import put_photo
from fake.store import forget, store
from relume.errors import TooLargeError, UnreadableError, UnwritableError
from relume.extras import missing, pip_line
from relume.io import read
from relume.runs.manifest import Manifest
from relume.runs.treatment import Treatment
from relume.scale.judging import Judge
from relume.scale.listing import raising
from relume.scale.storage import Folders, Objects, is_address, storage_of
from relume.scale.tasks import Record, Task
from relume.scale.uploads import abort_stale
from relume.scale.worker import Worker

needs_store = pytest.mark.skipif(
    bool({"fsspec", "s3fs"} & set(missing("scale"))) or importlib.util.find_spec("moto") is None,
    reason=f"needs s3fs and moto; {pip_line('scale')}",
)


@pytest.fixture(scope="module")
def served() -> Iterator[None]:
    """A store of which every fifth request fails."""
    with store(fail=5, slow=13) as environment, pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        system: Any = Objects("s3")._system  # pyright: ignore[reportPrivateUsage]
        for _ in range(3):
            try:
                system.mkdir("nights")
                break
            except OSError:
                continue
        yield


def test_addresses_and_paths() -> None:
    assert is_address("s3://bucket/key")
    assert not is_address("a/b.jpg")
    assert not is_address("C:\\a.jpg")
    assert isinstance(storage_of("a"), Folders)
    assert isinstance(storage_of("s3://a"), Objects)
    with pytest.raises(UnreadableError, match="nostore"):
        storage_of("nostore://a/b").stamp("nostore://a/b")


def test_folders(tmp_path: Path) -> None:
    files = Folders()
    name = str(tmp_path / "sub" / "a.jpg")
    assert files.stamp(name) is None
    stamp = files.put(name, b"abc", creates=True)
    assert stamp == files.stamp(name)
    with pytest.raises(FileExistsError):
        files.put(name, b"other", creates=True)
    assert files.load(name, max_bytes=10) == b"abc"
    files.put(name, b"other", creates=False)
    assert files.load(name, max_bytes=10) == b"other"
    with pytest.raises(TooLargeError):
        files.load(name, max_bytes=3)
    assert list(files.folders(str(tmp_path), raising)) == [
        (str(tmp_path), []),
        (str(tmp_path / "sub"), [("a.jpg", None)]),
    ]


@needs_store
@pytest.mark.usefixtures("served")
def test_objects_in_spite_of_failures() -> None:
    objects = Objects("s3")
    for index in range(12):
        name = f"s3://nights/a/{index:02}.bin"
        assert objects.stamp(name) is None
        stamp = objects.put(name, bytes([index]) * 100, creates=True)
        assert stamp is not None
        assert stamp.size == 100
        assert stamp == objects.stamp(name)
        assert objects.load(name, max_bytes=1000) == bytes([index]) * 100
    ((folder, found),) = objects.folders("s3://nights/a", raising)
    assert folder == "s3://nights/a"
    assert [name for name, _ in found] == [f"{index:02}.bin" for index in range(12)]
    assert found[3][1] == objects.stamp("s3://nights/a/03.bin")
    assert objects.is_folder("s3://nights/a")
    assert not objects.is_folder("s3://nights/a/03.bin")


@needs_store
@pytest.mark.usefixtures("served")
def test_what_is_there_is_not_created_again() -> None:
    objects, name = Objects("s3"), "s3://nights/once"
    objects.put(name, b"first", creates=True)
    with pytest.raises(FileExistsError):
        objects.put(name, b"second", creates=True)
    assert objects.load(name, max_bytes=10) == b"first"
    objects.put(name, b"third", creates=False)
    assert objects.load(name, max_bytes=10) == b"third"
    with pytest.raises(TooLargeError, match="--max-bytes"):
        objects.load(name, max_bytes=4)
    with pytest.raises(UnreadableError, match="none"):
        objects.load("s3://nights/none", max_bytes=4)


@needs_store
@pytest.mark.usefixtures("served")
def test_a_worker_puts_what_a_file_would_hold(tmp_path: Path) -> None:
    data = put_photo(tmp_path / "a.jpg")
    Objects("s3").put("s3://nights/in/a.jpg", data, creates=True)
    worker = Worker(Treatment(method="gamma"))
    stored = worker.do(Task("s3://nights/in/a.jpg", "s3://nights/out/a.jpg", creates=True))
    filed = worker.do(Task(str(tmp_path / "a.jpg"), str(tmp_path / "out" / "a.jpg")))
    assert (stored.state, filed.state) == ("done", "done"), (stored.message, filed.message)
    result = Objects("s3").load("s3://nights/out/a.jpg", max_bytes=10**6)
    assert result == (tmp_path / "out" / "a.jpg").read_bytes()
    assert stored.output_hash == filed.output_hash == hashlib.sha256(result).hexdigest()
    assert stored.input_hash == hashlib.sha256(data).hexdigest()
    assert read(result).pixels.mean() > read(data).pixels.mean()
    again = worker.do(Task("s3://nights/in/a.jpg", "s3://nights/out/a.jpg", creates=True))
    assert (again.state, "--overwrite" in again.message) == ("skipped", True)
    # Found where a worker that ended had put it, it is known as if it had been told.
    for name, target in (("s3://nights/in/a.jpg", "s3://nights/out/a.jpg"),
                         (str(tmp_path / "a.jpg"), str(tmp_path / "out" / "a.jpg"))):  # fmt: skip
        found = worker.do(Task(name, target, attempts=1))
        assert (found.output_hash, found.notes) == (
            filed.output_hash,
            ("made before its worker ended",),
        )


@needs_store
@pytest.mark.usefixtures("served")
def test_a_result_that_a_driver_did_not_live_to_record(tmp_path: Path) -> None:
    data = put_photo(tmp_path / "b.jpg")
    source, target = "s3://nights/in/b.jpg", "s3://nights/out/b.jpg"
    stamp = Objects("s3").put(source, data, creates=True)
    with Manifest(tmp_path / "run.sqlite", root=tmp_path) as book:
        book.open_run("{}", command=[])
        book.begin_all([(target, source, stamp, None)])
        Objects("s3").put(target, b"whole", creates=True)
        book.open_run("{}", command=[])
        (record,) = Judge(book, "{}")([Task(source, target, stamp)])
        assert isinstance(record, Record)
        assert record.state == "skipped"
        row = book.row(target)
        assert row is not None
        assert (row.state, row.output_hash) == ("done", hashlib.sha256(b"whole").hexdigest())


@needs_store
@pytest.mark.usefixtures("served")
def test_uploads_that_nobody_ended_are_cleaned_away() -> None:
    system: Any = Objects("s3")._system  # pyright: ignore[reportPrivateUsage]
    for _ in range(5):
        try:
            system.call_s3("create_multipart_upload", Bucket="nights", Key="half.jpg")
            break
        except OSError:
            continue
    # The test's store says of every upload that it was begun in 2010.
    assert abort_stale("s3://nights/", older_than=timedelta(days=36500)) == 0
    assert abort_stale("s3://nights/") == 1
    assert abort_stale("s3://nights/") == 0
    assert abort_stale("folder") == 0


def test_a_fault_is_a_record(tmp_path: Path) -> None:
    (tmp_path / "bad.jpg").write_bytes(b"no picture")
    record = Worker(Treatment(method="gamma")).do(Task(str(tmp_path / "bad.jpg"), "out.jpg"))
    assert record.state == "failed"
    assert "bad.jpg" in record.message


@needs_store
def test_a_place_where_nothing_may_be_put_is_told_before_a_picture_is_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    forget()
    with store(denied="/nights/out") as environment:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        system: Any = Objects("s3")._system  # pyright: ignore[reportPrivateUsage]
        system.call_s3("create_bucket", Bucket="nights")
        with pytest.raises(UnwritableError, match="s3://nights/out: nothing may be put there: "):
            Objects("s3").check_target("s3://nights/out")
        for free in ("s3://nights/other", "s3://nights"):
            Objects("s3").check_target(free)
        assert not system.find("nights")
        assert not system.call_s3("list_multipart_uploads", Bucket="nights").get("Uploads")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes with names are POSIX")
def test_a_pipe_among_files_is_listed_and_told_when_it_is_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    listed = list(Folders().folders(str(tmp_path), raising))
    assert listed == [(str(tmp_path), [("pipe.jpg", None)])]
    with pytest.raises(UnreadableError, match="neither a file nor a folder"):
        Folders().load(str(tmp_path / "pipe.jpg"), max_bytes=1000)
