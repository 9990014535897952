"""`relume audit` and `relume data` from the outside."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from e2e.command import Call
from fake import datasets as fake

SIZE = {"height": 150, "width": 200}


@pytest.fixture
def sets(folder: Path) -> Path:
    """A data set whose test scene 1 stands in the training set in another exposure."""
    for number in range(4):
        put_pair("LOL/our485", number + 10, seed=number)
    put_pair("LOL/eval15", 1, seed=2, factor=0.3)
    put_pair("LOL/eval15", 2, seed=100)
    return folder


def put_pair(place: str, number: int, *, seed: int, factor: float = 1.0) -> None:
    picture = fake.expose(fake.scene(seed, **SIZE), factor)
    fake.put(Path(place, "high", f"{number}.png"), picture)
    fake.put(Path(place, "low", f"{number}.png"), fake.expose(picture, 0.1))


@pytest.mark.parametrize(
    "arguments",
    [
        ("LOL", "--train", "our485", "--test", "eval15"),
        ("LOL",),  # its splits
        ("--train", "LOL/our485", "--test", "LOL/eval15"),
    ],
)
def test_tells_the_leak_in_table_json_and_page(
    relume: Call, sets: Path, arguments: tuple[str, ...]
) -> None:
    ended = relume("audit", *arguments, "-o", "a.html", "-o", "a.json")
    assert (ended.code, ended.err) == (1, "")
    assert "1 of 2 test scenes (50%) stand among 4 of training, no equal pixels" in ended.out
    (row,) = [line.split() for line in ended.out.splitlines() if " scene " in line]
    assert row[:3] == ["1", "12", "scene"]
    facts = json.loads(Path("a.json").read_text())
    assert (facts["leaked"], facts["clean"]) == (["1"], ["2"])
    assert json.loads(relume("audit", *arguments, "--json").out) == facts
    page = Path("a.html").read_text()
    assert page.count("<section>") == 1
    assert "data:image/jpeg;base64," in page


def test_without_leaks_the_end_is_zero(relume: Call, sets: Path) -> None:
    for path in Path("LOL/eval15").rglob("1.png"):
        path.unlink()
    ended = relume("audit", "LOL")
    assert (ended.code, ended.err) == (0, "")
    assert "0 of 1 test scenes (0%)" in ended.out


def test_an_unreadable_picture_is_named_and_counted(relume: Call, sets: Path) -> None:
    Path("LOL/our485/high/12.png").write_bytes(b"no picture")
    ended = relume("audit", "LOL")
    assert ended.code == 1
    assert "12.png" in ended.complaint
    assert "1 picture could not be read" in ended.out


def test_an_empty_file_among_pictures_is_named(relume: Call, sets: Path) -> None:
    Path("LOL/eval15/high/2.png").rename("2.png")
    Path("flat").mkdir()
    Path("2.png").rename("flat/2.png")
    Path("flat/3.png").touch()
    ended = relume("audit", "--train", "LOL/our485", "--test", "flat")
    assert ended.code == 1
    assert "3.png: the file is empty" in ended.complaint
    assert "0 of 1 test scenes" in ended.out


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("absent", "--train", "a", "--test", "b"), 1, "absent: no such folder"),
        (("LOL", "--train", "our48"), 2, "did you mean"),
        (("--train", "LOL/our485", "--test", "bare"), 1, "bare: this folder is empty"),
        (("--train", "LOL/our485", "--test", "notes"), 1, "notes: holds no pictures"),
        (("LOL", "--train", "our485", "--test", "our485"), 2, "the same pictures"),
        (("LOL", "-o", "a.pdf"), 2, ".html or .json"),
        (("LOL", "-o", "none/a.html"), 1, "none/a.html"),
        (("raw", "--train", "train"), 2, "RAW files"),
        (("uneven", "--train", "low", "--test", "high"), 0, ""),
        (("--train", "uneven", "--test", "LOL/eval15"), 2, "no counterpart"),
    ],
)
def test_audit_refuses(
    relume: Call, sets: Path, arguments: tuple[str, ...], code: int, said: str
) -> None:
    Path("bare").mkdir()
    Path("notes").mkdir()
    Path("notes/a.txt").write_text("hello")
    fake.sid(Path("raw"))
    fake.put(Path("uneven/low/1.png"), fake.scene(1, **SIZE))
    fake.put(Path("uneven/high/2.png"), fake.scene(2, **SIZE))
    ended = relume("audit", *arguments)
    assert ended.code == code
    assert (said in ended.complaint) if said else ended.err == ""


def test_data_check_passes_a_sound_copy(relume: Call, folder: Path) -> None:
    fake.folder_pairs(folder / "pictures")
    ended = relume("data", "check", "pictures")
    assert (ended.code, ended.err) == (0, "")
    assert "all: 4 pairs" in ended.out
    assert ended.out.splitlines()[-1] == "0 errors, 0 warnings"


def test_data_check_names_every_fault(relume: Call, folder: Path) -> None:
    fake.lol_v1(folder / "LOL")
    Path("LOL/our485/high/9.png").unlink()
    broken = Path("LOL/our485/low/10.png")
    broken.write_bytes(broken.read_bytes()[:90])
    ended = relume("data", "check", "LOL")
    assert ended.code == 1
    assert "error: no partner: " in ended.out
    assert "error: unreadable: " in ended.out
    assert ended.out.splitlines()[-1] == "2 errors, 2 warnings"  # both splits have few pairs
    facts = json.loads(relume("data", "check", "LOL", "--json").out)
    assert facts["dataset"] == "lol-v1"
    assert facts["splits"] == {"train": 2, "test": 2}
    assert {problem["kind"] for problem in facts["problems"]} == {
        "no partner", "unreadable", "count",
    }  # fmt: skip
    assert len(facts["files"]) == 4


def test_data_check_reads_names_alone_where_files_are_raw(relume: Call, folder: Path) -> None:
    ended = relume("data", "check", str(fake.sid(folder / "SID")))
    assert ended.code == 0
    assert "names and lists only" in ended.out


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("check",), 2, "needs the folder"),
        (("check", "absent"), 1, "absent: no such folder"),
        (("check", "."), 1, "is empty"),
        (("check", ".", "--dataset", "lol_v1"), 2, "did you mean lol-v1"),
        (("check", ".", "--dataset", "lol-v1"), 1, "our485"),
        (("chek", "."), 2, "chek"),
    ],
)
def test_data_refuses(relume: Call, arguments: tuple[str, ...], code: int, said: str) -> None:
    ended = relume("data", *arguments)
    assert ended.code == code
    assert said in ended.complaint


def test_data_list_names_every_layout(relume: Call) -> None:
    names = {card["name"] for card in json.loads(relume("data", "list", "--json").out)}
    assert {"lol-v1", "sice", "sid", "vv", "folder-pairs", "illrecnet"} <= names
    ended = relume("data", "list")
    assert ended.code == 0
    assert all(name in ended.out for name in names)
