"""What is told of records and of options that have no effect, in a line each."""

from __future__ import annotations

import os
import shutil
from contextlib import chdir
from pathlib import Path

import pytest

from e2e.command import Call, put_photo
from relume.extras import missing


def test_a_record_that_was_emptied_is_told(relume: Call) -> None:
    put_photo("d/a.jpg")
    words = ("enhance", "d", "-o", "out", "-m", "gamma")
    assert relume(*words).code == 0
    Path("out/.relume/run.sqlite").write_bytes(b"")
    os.utime("out/.relume/run.sqlite", (1, 1))
    assert "an empty file where a manifest was" in relume("runs", "verify", "out").complaint
    ended = relume(*words)
    assert "out/a.jpg is there already" in ended.out
    assert "out/.relume/run.sqlite was empty: a new record is begun" in ended.complaint
    assert relume(*words).err == ""


def test_a_damaged_record_is_no_empty_one(relume: Call) -> None:
    put_photo("d/a.jpg")
    words = ("enhance", "d", "-o", "out", "-m", "gamma")
    assert relume(*words).code == 0
    record = Path("out/.relume/run.sqlite")
    data = bytearray(record.read_bytes())
    data[4096:8192] = b"\xa5" * 4096  # the page that lists the settings
    record.write_bytes(data)
    for verb in ("verify", "retry"):
        ended = relume("runs", verb, "out")
        assert ended.code == 1
        assert "out/.relume/run.sqlite: " in ended.complaint
        assert "damaged" in ended.complaint
    assert "take it away: results that are there are kept" in relume(*words).complaint
    record.unlink()
    before = Path("out/a.jpg").read_bytes()
    assert relume(*words).code == 0
    assert Path("out/a.jpg").read_bytes() == before


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("plan", "d", "--on", "slurm"), "--on wants ray or ray://HOST:PORT, got 'slurm'"),
        (("enhance", "d", "-o", "out", "--worker-memory", "512"), "--worker-memory is for a"),
        (("runs", "verify", "out", "--changed"), "--changed is for retry"),
    ],
)
def test_options_that_nobody_would_heed_are_refused(
    relume: Call, words: tuple[str, ...], said: str
) -> None:
    put_photo("d/a.jpg")
    ended = relume(*words)
    assert ended.code == 2
    assert said in ended.complaint
    assert not Path("out").exists()


def test_one_picture_is_no_pictures(relume: Call) -> None:
    put_photo("d/a.jpg")
    for part in ("1/2", "2/2"):
        relume("enhance", "d", "-o", "out", "-m", "gamma", "-q", "--shards", part)
    told = relume("runs", "merge", "out").out
    assert "sqlite: 1 picture\n" in told
    Path("out/a.jpg").unlink()
    assert relume("runs", "retry", "out").out.startswith("1 picture, in /")


def test_a_record_serves_one_folder_of_results(relume: Call) -> None:
    put_photo("d1/a.png", seed=1)
    put_photo("d2/b.png", seed=2)
    common = ("--manifest", "m.sqlite", "-m", "gamma")
    assert relume("enhance", "d1", "-o", "one/", *common).code == 0
    before = Path("m.sqlite").read_bytes()
    for given in (
        ("enhance", "d2", "-o", "two/", *common),
        ("enhance", "d2", *common),
        *(() if missing("scale") else (("enhance", "d2", "-o", "two/", *common, "--on", "ray"),)),
        ("runs", "retry", "d2", "--manifest", "m.sqlite"),
    ):
        ended = relume(*given)
        assert ended.code == 2
        assert str(Path("one").absolute()) in ended.complaint
        assert "its own --manifest FILE" in ended.complaint
    assert not Path("two").exists()
    assert Path("m.sqlite").read_bytes() == before
    own = ("--manifest", "one/.relume/run.sqlite", "-m", "gamma")
    assert relume("enhance", "d1", "-o", "one/", "-m", "gamma").code == 0
    assert relume("enhance", "d1", "-o", "one/", "-m", "gamma", "--overwrite").code == 0
    assert "one/" in relume("enhance", "d2", "-o", "two/", *own).complaint
    Path("also").symlink_to("one")
    assert relume("enhance", "d1", "-o", "also/", *common).code == 0


def test_a_record_goes_with_its_folder_moved_or_copied(relume: Call) -> None:
    put_photo("p/d/a.png")
    common = ("--manifest", "m.sqlite", "-m", "gamma")
    with chdir("p"):
        assert relume("enhance", "d", "-o", "out/", *common).code == 0
    shutil.copytree("p", "copy")
    with chdir("copy"):
        assert "done with these settings" in relume("enhance", "d", "-o", "out/", *common).out
        assert relume("runs", "verify", "out", "--manifest", "m.sqlite").out == "1 whole\n"
    with chdir("p"):
        Path("out").rename("there")
        assert "done with these settings" in relume("enhance", "d", "-o", "there/", *common).out
