"""What is listed, what is judged to be done, and what it will cost."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from e2e.command import put_photo
from relume.cli import main
from relume.cli.plan import _time  # pyright: ignore[reportPrivateUsage]
from relume.errors import ContractError, UnreadableError
from relume.runs.manifest import Manifest
from relume.runs.resume import PAGE
from relume.runs.rows import Ending
from relume.runs.stamp import Stamp, stamp
from relume.runs.treatment import Treatment
from relume.scale.cost import measure
from relume.scale.judging import Judge
from relume.scale.listing import Listing, check_places
from relume.scale.tasks import Record, Task

PICTURES = {".jpg", ".heic"}
BECOMES = {".heic": ".jpg"}


def listed(root: Path, *, output: str = "out", recursive: bool = True) -> list[tuple[str, str]]:
    listing = Listing([str(root)], output, PICTURES, BECOMES, recursive)
    return [(str(Path(task.input).relative_to(root)), task.output) for task in listing]


def touch(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"x")


def test_the_tree_is_kept_and_no_result_is_listed(tmp_path: Path) -> None:
    names = ("b.jpg", "a.HEIC", "sub/c.jpg", "notes.txt", ".h.jpg", "b.relume.jpg", ".h/d.jpg")
    touch(tmp_path, *names, "out/e.jpg")
    assert listed(tmp_path, output=str(tmp_path / "out")) == [
        ("a.HEIC", f"{tmp_path}/out/a.jpg"),
        ("b.jpg", f"{tmp_path}/out/b.jpg"),
        ("sub/c.jpg", f"{tmp_path}/out/sub/c.jpg"),
    ]
    assert listed(tmp_path, recursive=False) == [("a.HEIC", "out/a.jpg"), ("b.jpg", "out/b.jpg")]
    (one,) = Listing([str(tmp_path / "b.jpg")], "out/", PICTURES, BECOMES)
    assert one.output == "out/b.jpg"


def test_shards_part_a_listing(tmp_path: Path) -> None:
    touch(tmp_path, *(f"{index}.jpg" for index in range(60)))
    parts = [
        {task.input for task in Listing([str(tmp_path)], "out", PICTURES, BECOMES, shard=(n, 3))}
        for n in (1, 2, 3)
    ]
    assert all(parts)
    assert sum(map(len, parts)) == len(set().union(*parts)) == 60


def test_a_link_in_a_circle_is_left_to_its_reader(tmp_path: Path) -> None:
    touch(tmp_path, "a.jpg", "sub/b.jpg")
    (tmp_path / "circle.jpg").symlink_to("circle.jpg")
    (tmp_path / "gone.jpg").symlink_to("nowhere.jpg")
    (tmp_path / "sub" / "up").symlink_to(tmp_path)
    assert [name for name, _ in listed(tmp_path)] == ["a.jpg", "circle.jpg", "sub/b.jpg"]


def test_a_folder_that_cannot_be_read_is_told_and_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    touch(tmp_path, "a/a.jpg", "b/b.jpg", "c/c.jpg")
    scandir = os.scandir

    def refusing(folder: str) -> object:
        if folder.endswith("/b"):
            raise PermissionError(13, "Permission denied")
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", refusing)
    told: list[str] = []
    listing = Listing(
        [str(tmp_path)],
        "out",
        PICTURES,
        BECOMES,
        recursive=True,
        tell=lambda error: told.append(str(error)),
    )
    assert [task.output for task in listing] == ["out/a/a.jpg", "out/c/c.jpg"]
    assert told == [f"{tmp_path}/b: this folder cannot be read: Permission denied"]


def test_names_that_are_hard_to_part(tmp_path: Path) -> None:
    names = (".jpg", "a.b.jpg", "jpg", "x.", "RELUME.jpg", "a.Relume.jpg", "relume.jpg", "ü.JPG")
    touch(tmp_path, *names)
    found = [name for name, _ in listed(tmp_path)]
    assert found == ["RELUME.jpg", "a.b.jpg", "relume.jpg", "ü.JPG"]


def test_places_that_cannot_be(tmp_path: Path) -> None:
    with pytest.raises(UnreadableError, match="none"):
        list(Listing([str(tmp_path / "none")], "out", PICTURES, BECOMES))
    for inputs, output in ((["a"], None), (["a"], "a/"), (["a"], "b.jpg")):
        with pytest.raises(ContractError, match="-o"):
            check_places(inputs, output)


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Manifest]:
    with Manifest(tmp_path / "run.sqlite", root=tmp_path) as found:
        found.open_run("{}", command=[])
        yield found


def test_a_store_is_trusted_and_not_asked(book: Manifest, tmp_path: Path) -> None:
    touch(tmp_path, "a.jpg")
    source, target = str(tmp_path / "a.jpg"), "nostore://bucket/a.jpg"
    (task,) = Judge(book, "{}")([Task(source, target)])
    assert isinstance(task, Task)
    assert task.creates
    book.begin_all([(target, source, task.stamp, None)])
    book.end(target, Ending("done", "hash", Stamp(3, "etag"), "hash"))
    book.open_run("{}", command=[])
    (record,) = Judge(book, "{}")([Task(source, target)])
    assert isinstance(record, Record)
    assert (record.state, "done with these settings" in record.message) == ("skipped", True)
    (other,) = Judge(book, '{"quality": 3}')([Task(source, target)])
    assert isinstance(other, Task)
    assert (other.creates, other.again) == (False, "other settings: quality 3 instead of unset")
    touch(tmp_path, "b.jpg")
    (strange,) = Judge(book, "{}")([Task(str(tmp_path / "b.jpg"), target)])
    assert isinstance(strange, Record)
    assert "made from" in strange.message
    (tmp_path / "a.jpg").write_bytes(b"other")
    (newer,) = Judge(book, "{}")([Task(source, target)])
    assert isinstance(newer, Task)
    assert newer.again == "its input has changed"


def test_two_inputs_of_one_run_do_not_become_one_output(book: Manifest, tmp_path: Path) -> None:
    touch(tmp_path, "d/a.jpg", "e/a.jpg")
    first, second = str(tmp_path / "d/a.jpg"), str(tmp_path / "e/a.jpg")
    target = str(tmp_path / "out" / "a.jpg")
    judge = Judge(book, "{}")
    (task,) = judge([Task(first, target)])
    assert isinstance(task, Task)
    book.begin_all([(target, first, task.stamp, task.before)])
    states = [record.state for record in judge([Task(second, target), Task(first, target)])]  # type: ignore[union-attr]
    assert states == ["failed", "skipped"]


def test_pages_that_are_read_ahead_keep_their_order(book: Manifest, tmp_path: Path) -> None:
    """Files that are done, files that are not, and addresses, over several pages."""
    count = 5 * PAGE + 7
    for name in ("in.jpg", "out.jpg"):
        (tmp_path / name).write_bytes(name.encode())
    source, mark = str(tmp_path / "in.jpg"), stamp(tmp_path / "in.jpg")
    tasks: list[Task] = []
    for index in range(count):
        address = f"nostore://bucket/{index:05}.jpg"
        file = str(tmp_path / "d" / f"{index:05}.jpg")
        tasks.append(Task(source, address if index % 1000 == 17 else file, mark))
    (tmp_path / "d").mkdir()
    book.begin_all((task.output, source, mark, None) for task in tasks[::2])
    for task in tasks[::2]:
        if "://" not in task.output:
            os.link(tmp_path / "out.jpg", task.output)
        book.end(task.output, Ending("done", "0", stamp(tmp_path / "out.jpg"), "0"))
    book.open_run("{}", command=[])
    answers = list(Judge(book, "{}")(tasks))
    assert [one.task.output if isinstance(one, Record) else one.output for one in answers] == [
        task.output for task in tasks
    ]
    assert [isinstance(one, Record) for one in answers] == [
        index % 2 == 0 for index in range(count)
    ]
    first = next(Judge(book, "{}")(tasks))  # and whoever wants no more is not waited for
    assert isinstance(first, Record)


def test_what_a_run_will_cost(tmp_path: Path) -> None:
    for index in range(9):
        put_photo(tmp_path / f"{index}.jpg", height=100, width=150, seed=index)
    (tmp_path / "bad.jpg").write_bytes(b"no picture")
    listing = Listing([str(tmp_path)], "out", PICTURES, BECOMES)
    cost = measure(listing, Treatment(method="gamma"), sample=10)
    assert (cost.pictures, len(cost.sample), cost.unreadable) == (10, 9, 1)
    assert cost.mean("megapixels") == pytest.approx(0.015)
    sizes = [(tmp_path / f"{index}.jpg").stat().st_size for index in range(9)]
    assert cost.mean("read_bytes") == pytest.approx(sum(sizes) / 9)
    assert cost.core_hours == pytest.approx(10 * cost.mean("core_seconds") / 3600)
    assert cost.core_hours > 0
    assert (cost.reads, cost.writes, cost.lists) == (0, 0, 0)
    with pytest.raises(UnreadableError, match="no pictures"):
        measure([], Treatment(method="gamma"), sample=3)


def test_what_one_picture_tells_of_others_is_no_number(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    put_photo(tmp_path / "0.jpg", height=100, width=150, seed=0)
    assert main(["plan", str(tmp_path), "-m", "gamma", "--json"]) == 0
    facts = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)
    assert facts["core_seconds_interval"] is None
    assert main(["plan", str(tmp_path), "-m", "gamma", "--cores", "1"]) == 0
    told = capsys.readouterr().out
    assert re.search(r"^core-seconds  0\.\d\d$", told, re.MULTILINE)
    assert re.search(r"^seconds       0\.\d\d on 1 core, if nothing waits$", told, re.MULTILINE)


@pytest.mark.parametrize(
    ("hours", "told"), [(2.5, ("hours", 2.5)), (0.1, ("minutes", 6.0)), (0.01, ("seconds", 36.0))]
)
def test_times_have_the_unit_that_fits(hours: float, told: tuple[str, float]) -> None:
    unit, number = _time(hours)
    assert (unit, pytest.approx(number)) == told
