"""Names of results in a record: of many as of each."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from relume.runs.keys import Keys
from relume.runs.rows import kept, named

INSIDE = ["out/a.jpg", "out/b/c.jpg", "out/b/ü ☾.jpg"]
ODD = ["out//d.jpg", "out/./e.jpg", "out/b/../f.jpg", "elsewhere/g.jpg", "outer/h.jpg", "out"]


@pytest.mark.parametrize(
    "names",
    [
        INSIDE,
        INSIDE[:1],
        [],
        *([*INSIDE, odd] for odd in ODD),
        *([odd, *INSIDE] for odd in ODD),
        [*INSIDE, "s3://bucket/a.jpg"],
        ["out/a\0out/b.jpg"],
        [*INSIDE, os.fsdecode(b"out/\xff.jpg")],
        [os.fsdecode(b"/\xff/out/a.jpg")],
        ["x", "out/a\0out/b.jpg"],
        [f"{Path.cwd()}/out/a.jpg", *INSIDE],
    ],
)
def test_many_are_named_as_each_is(names: list[str]) -> None:
    keys = Keys(Path("out"))
    assert keys.of_all(names) == [keys.of(name) for name in names]


def test_names_are_relative_inside_and_whole_elsewhere() -> None:
    keys = Keys(Path("out"))
    assert keys.of("out/b/c.jpg") == keys.of(Path.cwd() / "out" / "b" / "c.jpg") == "b/c.jpg"
    assert keys.of("out/./b//c.jpg") == "b/c.jpg"
    assert keys.of("outer/c.jpg") == (Path.cwd() / "outer" / "c.jpg").as_posix()
    assert keys.of("s3://bucket//c.jpg") == "s3://bucket//c.jpg"


def test_a_name_that_is_no_text_comes_back() -> None:
    name = os.fsdecode(bytes(range(1, 256)))
    kept(name).encode()
    assert named(kept(name)) == name
    assert kept("ü ☾") == named("ü ☾") == "ü ☾"
