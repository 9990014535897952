"""A run and its record: what is done stays done, what changed is made anew, kills lose nothing."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from e2e.command import COMMAND, Call, Ended, mean, put_photo
from relume.extras import missing, pip_line

NAMES = ("a.jpg", "b.jpg", "c.png")


def enhance(relume: Call, *more: str) -> Ended:
    return relume("enhance", "d", "-o", "out", "-m", "gamma", "--json", *more)


def told(ended: Ended) -> list[dict[str, object]]:
    return [json.loads(line) for line in ended.out.splitlines()]


def skipped(ended: Ended) -> list[object]:
    return [line["skipped"] for line in told(ended)]


@pytest.fixture
def made(relume: Call) -> Call:
    """A folder `out` with three results."""
    for seed, name in enumerate(NAMES):
        put_photo(f"d/{name}", seed=seed)
    assert skipped(enhance(relume)) == [False] * 3
    return relume


def test_what_is_done_with_these_settings_is_kept(made: Call) -> None:
    ended = enhance(made)
    assert skipped(ended) == [True] * 3
    assert "done with these settings" in str(told(ended)[0]["reason"])


def test_other_settings_make_it_anew_and_say_so(made: Call) -> None:
    before = mean("out/a.jpg")
    ended = enhance(made, "-k", "gamma=0.3")
    assert skipped(ended) == [False] * 3
    (note,) = told(ended)[0]["notes"]  # type: ignore[misc]
    assert note == "made anew: other settings: knobs gamma=0.3 instead of unset"
    assert mean("out/a.jpg") > before
    assert skipped(enhance(made, "-k", "gamma=0.3")) == [True] * 3
    # What does not change a result changes nothing.
    assert skipped(enhance(made, "-k", "gamma=0.3", "--threads", "1", "-j", "1")) == [True] * 3


@pytest.mark.skipif(sys.platform == "darwin", reason="its file systems know no such names")
def test_a_name_that_is_no_text_is_recorded_as_any(made: Call) -> None:
    bad = os.fsdecode(b"b\xff\xe4d.jpg")
    for name in ("d/a.jpg", "d/c.png"):
        Path(name).unlink()
    Path("d/b.jpg").rename(f"d/{bad}")
    assert skipped(enhance(made)) == [False]
    ended = enhance(made)
    assert "done with these settings" in str(told(ended)[0]["reason"])
    Path("d/x\udcff.jpg").write_bytes(b"no picture")
    assert enhance(made).code == 1  # a fault that names it is recorded, too
    assert "1 failed" in made("runs", "show", "out").out
    Path("d/x\udcff.jpg").unlink()
    Path(f"out/{bad}").unlink()
    assert made("runs", "verify", "out").code == 1
    assert made("runs", "retry", "out").code == 0
    assert Path(f"out/{bad}").is_file()


def test_another_method_makes_it_anew(made: Call) -> None:
    ended = made("enhance", "d", "-o", "out", "-m", "he")
    assert ended.out.count("other settings: method he instead of gamma") == 3


def test_a_changed_input_is_made_anew_and_a_touched_one_is_not(made: Call) -> None:
    put_photo("d/a.jpg", seed=99)
    os.utime("d/b.jpg", (1, 1))
    ended = enhance(made)
    assert skipped(ended) == [False, True, True]
    assert told(ended)[0]["notes"] == ["made anew: its input has changed"]
    assert skipped(enhance(made)) == [True] * 3


def test_a_result_that_is_gone_is_made_anew_and_an_edited_one_is_kept(made: Call) -> None:
    Path("out/a.jpg").unlink()
    edited = put_photo("out/b.jpg", seed=50)
    ended = enhance(made)
    assert skipped(ended) == [False, True, True]
    assert "was changed after it was made" in str(told(ended)[1]["reason"])
    assert Path("out/b.jpg").read_bytes() == edited
    assert skipped(enhance(made, "--overwrite")) == [False] * 3
    assert Path("out/b.jpg").read_bytes() != edited


def test_a_result_of_another_input_is_kept(made: Call) -> None:
    put_photo("e/a.jpg", seed=30)
    before = Path("out/a.jpg").read_bytes()
    ended = made("enhance", "e", "-o", "out", "-m", "gamma", "--json")
    assert skipped(ended) == [True]
    assert "made from d/a.jpg" in str(told(ended)[0]["reason"])
    assert Path("out/a.jpg").read_bytes() == before


def test_moved_folders_are_still_done(made: Call) -> None:
    Path("d").rename("moved")
    Path("out").rename("there")
    ended = made("enhance", "moved", "-o", "there", "-m", "gamma", "--json")
    assert skipped(ended) == [True] * 3


def test_a_result_without_a_record_counts_as_done(relume: Call) -> None:
    put_photo("d/a.jpg")
    before = put_photo("out/a.jpg", seed=3)
    assert skipped(enhance(relume)) == [True]
    assert Path("out/a.jpg").read_bytes() == before


def test_a_dry_run_says_what_the_record_knows(made: Call) -> None:
    put_photo("d/a.jpg", seed=99)
    assert skipped(enhance(made, "-n")) == [False, True, True]


def test_a_manifest_where_it_is_wanted(relume: Call) -> None:
    put_photo("d/a.jpg")
    command = ("enhance", "d", "-m", "gamma", "--manifest", "m.sqlite")
    assert "1 skipped" not in relume(*command).out
    assert Path("m.sqlite").exists()
    assert "done with these settings" in relume(*command).out
    assert "a.relume.jpg: " not in relume("runs", "verify", "m.sqlite").out
    assert relume("runs", "verify", "m.sqlite").out == "1 whole\n"


def test_show_verify_and_retry(made: Call) -> None:
    Path("d/bad.jpg").write_bytes(b"no picture")
    assert enhance(made).code == 1
    shown = made("runs", "show", "out").out
    assert "relume enhance d -o out -m gamma --json" in shown
    assert "3 done, 1 failed" in shown
    assert "failed: d/bad.jpg starts with" in shown  # what names the file is not named once more
    facts = json.loads(made("runs", "show", "out", "--json").out)
    assert facts["counts"] == {"done": 3, "failed": 1}
    assert [row["input"] for row in facts["unfinished"]] == ["d/bad.jpg"]

    first, last = made("runs", "verify", "out").out.splitlines()
    assert first.startswith("failed: out/bad.jpg: d/bad.jpg starts with")
    assert last == "3 whole, 1 failed"
    before = Path("out/a.jpg").read_bytes()
    about = Path("out/a.jpg").stat()
    Path("out/a.jpg").write_bytes(before[:-1] + b"\0")  # a flipped byte under the same stamp
    os.utime("out/a.jpg", ns=(about.st_atime_ns, about.st_mtime_ns))
    Path("out/b.jpg").unlink()
    ended = made("runs", "verify", "out")
    assert ended.code == 1
    first, second, _, last = ended.out.splitlines()
    assert (first, second) == ("damaged: out/a.jpg", "missing: out/b.jpg")
    assert last == "1 damaged, 1 missing, 1 failed, 1 whole"
    assert told(enhance(made))[0]["skipped"]  # nothing is overwritten unasked

    put_photo("d/bad.jpg", seed=8)
    ended = made("runs", "retry", "out")
    assert ended.code == 0
    assert Path("out/a.jpg").read_bytes() == before
    assert Path("out/bad.jpg").exists()
    assert made("runs", "verify", "out").out == "4 whole\n"
    assert "nothing failed" in made("runs", "retry", "out").out


def test_no_manifest_is_an_error_in_one_line(relume: Call) -> None:
    Path("empty").mkdir()
    assert "no manifest there" in relume("runs", "show", "empty").complaint
    put_photo("d/a.jpg")
    assert "not a manifest" in relume("runs", "show", "d/a.jpg").complaint


KILLED = """
import os, random, signal, sys, time
from pathlib import Path
from relume.cli import main

main(["enhance", "d/000.jpg", "-o", "warm/", "-m", "gamma", "--quiet"])  # imports everything
draw = random.Random(5)
command = ["enhance", "d", "-o", "out", "-m", "gamma", "--quiet"]
seen = {}

def look():
    for path in sorted(Path("out").glob("*.jpg")):
        about = path.stat()
        assert seen.setdefault(path.name, (about.st_ino, about.st_mtime_ns)) == (
            about.st_ino, about.st_mtime_ns), f"{path} was made twice"

Path("out/.relume").mkdir(parents=True)
kills = 0
while kills < 20:
    child = os.fork()
    if child == 0:
        os._exit(main(command))
    wanted = len(seen) + draw.randint(0, 12)
    while len(os.listdir("out")) - 1 < wanted and os.waitpid(child, os.WNOHANG)[0] == 0:
        time.sleep(0.001)
    time.sleep(draw.random() * 0.01)
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status), "it ended before it was killed: more pictures are needed"
    kills += 1
    look()
print(len(seen))
child = os.fork()
if child == 0:
    os._exit(main(command))
_, status = os.waitpid(child, 0)
assert status == 0
look()
print(len(seen))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="kills a process that was forked")
def test_killed_at_twenty_moments_nothing_is_lost_or_done_twice(relume: Call) -> None:
    data = put_photo("d/000.jpg", height=120, width=160)
    count = 400
    for index in range(1, count):
        Path(f"d/{index:03}.jpg").write_bytes(data)
    ended = subprocess.run(
        [sys.executable, "-c", KILLED], capture_output=True, text=True, timeout=120, check=False
    )
    assert ended.returncode == 0, ended.stderr
    before, after = map(int, ended.stdout.split())
    assert 0 < before < count  # the kills came in the middle of the work
    assert after == count
    results = list(Path("out").glob("*.jpg"))
    assert len({path.read_bytes() for path in results}) == 1
    with Image.open(results[0]) as image:
        image.load()
    assert relume("runs", "verify", "out").out == f"{count} whole\n"


def test_results_of_an_earlier_run_inside_the_tree_are_no_inputs(relume: Call) -> None:
    put_photo("photos/a.jpg")
    put_photo("photos/b/c.jpg")
    words = ("enhance", "photos", "-r", "-m", "gamma")
    assert relume(*words, "-o", "photos/b/bright").code == 0
    put_photo("photos/b/bright/mine.jpg")
    ended = relume(*words, "-o", "out", "--dry-run", "--json")
    assert ended.code == 0, ended.err
    inputs = [json.loads(line)["input"] for line in ended.out.splitlines()]
    assert inputs == ["photos/a.jpg", "photos/b/bright/mine.jpg", "photos/b/c.jpg"]
    # A folder of results that is named is meant.
    ended = relume("enhance", "photos/b/bright", "-r", "-m", "gamma", "-o", "out", "-n", "--json")
    assert len(ended.out.splitlines()) == 3


@pytest.mark.skipif(os.name != "posix", reason="others are known to be at work by their locks")
def test_two_runs_over_one_folder_at_once_share_the_work(relume: Call) -> None:
    count = 60
    for index in range(count):
        put_photo(f"d/{index:02}.png", height=200, width=300, seed=index % 7)
    command = [*COMMAND, "enhance", "d", "-o", "out", "-m", "gamma", "--json"]
    runs = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    ended = [(run.communicate(timeout=100)[0], run.returncode) for run in runs]
    assert [code for _, code in ended] == [0, 0]
    done = [
        line["output"]
        for out, _ in ended
        for line in map(json.loads, out.splitlines())
        if not line["skipped"]
    ]
    assert len(done) == len(set(done)) == count
    assert relume("runs", "verify", "out").out == f"{count} whole\n"
    assert [path.name for path in Path("out/.relume").glob("*.lock")] == []


def test_a_folder_in_the_place_of_a_result_is_no_result(relume: Call) -> None:
    put_photo("d/a.jpg")
    Path("out/a.jpg").mkdir(parents=True)
    for _ in range(2):
        ended = relume("enhance", "d", "-o", "out", "-m", "gamma", "-q")
        assert ended.code == 1
        assert "d/a.jpg" in ended.complaint
        assert "out/a.jpg" in ended.complaint


@pytest.mark.skipif(bool(missing("watch")), reason=f"needs watchfiles; {pip_line('watch')}")
def test_an_empty_folder_is_watched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("inbox").mkdir()
    command = [*COMMAND, "enhance", "inbox", "-o", "out", "-m", "gamma", "--watch"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL) as process:
        start = time.monotonic()
        for awaited in ("out/.relume/run.sqlite", "out/a.jpg"):
            while not Path(awaited).exists():
                assert process.poll() is None
                assert time.monotonic() - start < 60
                time.sleep(0.1)
            if awaited.endswith("sqlite"):  # now it watches
                put_photo("inbox/a.jpg")
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=60)
    # It may still have been at its picture.
    assert told in (b"relume: interrupted\n", b"1 enhanced\nrelume: interrupted\n")


@pytest.mark.skipif(bool(missing("watch")), reason=f"needs watchfiles; {pip_line('watch')}")
def test_an_input_that_is_replaced_while_it_is_watched_is_made_anew(made: Call) -> None:
    before = {name: Path("out", name).read_bytes() for name in NAMES}
    command = [*COMMAND, "enhance", "d", "-o", "out", "-m", "gamma", "--watch"]
    with Path("told.txt").open("wb") as told:
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=told)
    try:
        until(lambda: "3 skipped" in Path("told.txt").read_text())  # now it watches
        put_photo("other.jpg", seed=70)
        Path("other.jpg").replace("d/a.jpg")  # as rsync does
        put_photo("d/b.jpg", seed=71)
        until(lambda: all(Path("out", name).read_bytes() != before[name] for name in NAMES[:2]))
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)
    assert Path("told.txt").read_text().count("made anew: its input has changed") == 2
    assert Path("out/c.png").read_bytes() == before["c.png"]


def until(condition: Callable[[], bool]) -> None:
    start = time.monotonic()
    while not condition():
        assert time.monotonic() - start < 30
        time.sleep(0.1)


def test_a_shard_of_an_empty_folder_says_that_it_is_empty(relume: Call) -> None:
    Path("d").mkdir()
    ended = relume("enhance", "d", "-o", "out", "--shards", "1/2")
    assert ended.code == 1
    assert "this folder holds no pictures to enhance" in ended.complaint
    assert not Path("out").exists()
