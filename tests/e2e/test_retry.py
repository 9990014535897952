"""`relume runs verify` and `retry`: what is told is what is mended, and nothing else is touched."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from PIL import Image

from e2e.command import Call, put_photo

GAMMA = ("-m", "gamma", "-q")


@pytest.fixture
def made(relume: Call) -> Call:
    """A folder `out` with three results, and one of a picture that failed."""
    for seed, name in enumerate(("a.jpg", "b.jpg", "c.png")):
        put_photo(f"d/{name}", seed=seed)
    Path("d/bad.jpg").write_bytes(b"no picture")
    assert relume("enhance", "d", "-o", "out", *GAMMA).code == 1
    return relume


def kept() -> dict[str, tuple[int, bytes]]:
    """Return what lies in `out`, and when it was made."""
    files = sorted(path for path in Path("out").iterdir() if path.is_file())
    return {path.name: (path.stat().st_mtime_ns, path.read_bytes()) for path in files}


def told(relume: Call, *words: str) -> dict[str, str]:
    """Return what `verify` says of each result that is not as it was made."""
    lines = map(json.loads, relume("runs", "verify", "out", "--json", *words).out.splitlines())
    return {Path(line["output"]).name: line["what"] for line in lines}


def edit(name: str) -> bytes:
    """Do with a result what an editor does."""
    with Image.open(name) as image:
        image.transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(name)
    return Path(name).read_bytes()


def test_only_what_is_not_well_is_made_anew_by_its_own_settings(made: Call) -> None:
    # Since then two were made otherwise, one of them is gone, and the input that failed is mended.
    for name in ("d/a.jpg", "d/b.jpg"):
        assert made("enhance", name, "-o", "out/", *GAMMA, "-k", "gamma=0.3").code == 0
    before = kept()
    Path("out/b.jpg").unlink()
    put_photo("d/bad.jpg", seed=8)
    put_photo("d/new.jpg", seed=9)
    assert made("runs", "retry", "out").code == 0
    after = kept()
    del after["bad.jpg"]
    assert after.keys() == before.keys()  # what came since is not what was asked for
    assert after["b.jpg"][1] == before["b.jpg"][1]
    assert {name for name in before if after[name] == before[name]} == {"a.jpg", "c.png"}
    assert made("runs", "verify", "out").out == "4 whole\n"
    # A run with these settings finds each done that was made with them.
    assert made("enhance", "d/b.jpg", "-o", "out/", "-m", "gamma", "-k", "gamma=0.3").code == 0
    assert kept()["b.jpg"] == after["b.jpg"]


def test_edited_results_are_told_apart_from_damaged_ones_and_kept(made: Call) -> None:
    Path("d/bad.jpg").unlink()
    edited = edit("out/a.jpg")
    whole = Path("out/c.png").read_bytes()
    Path("out/c.png").write_bytes(whole[: len(whole) // 2])
    Path("out/b.jpg").write_bytes(b"")
    assert told(made) == {
        "a.jpg": "changed since",
        "b.jpg": "damaged",
        "bad.jpg": "failed",
        "c.png": "damaged",
    }
    ended = made("runs", "retry", "out")
    assert ended.code == 0
    assert "changed since, and kept: out/a.jpg; --changed replaces it" in ended.out
    assert "forgotten: d/bad.jpg" in ended.out
    assert Path("out/a.jpg").read_bytes() == edited
    assert Path("out/c.png").read_bytes() == whole
    ended = made("runs", "verify", "out")
    assert (ended.code, ended.out) == (0, "changed since: out/a.jpg\n1 changed since, 2 whole\n")
    assert made("runs", "retry", "out", "--changed").code == 0
    assert made("runs", "verify", "out").out == "3 whole\n"


def test_what_was_found_damaged_and_then_edited_is_kept(made: Call) -> None:
    Path("d/bad.jpg").unlink()
    whole = Path("out/a.jpg").read_bytes()
    Path("out/a.jpg").write_bytes(whole[:-20])
    assert told(made)["a.jpg"] == "damaged"
    Path("out/a.jpg").write_bytes(whole)
    edited = edit("out/a.jpg")
    assert made("runs", "retry", "out").code == 0
    assert Path("out/a.jpg").read_bytes() == edited


def test_what_somebody_put_where_a_picture_failed_is_kept(made: Call) -> None:
    mine = put_photo("out/bad.jpg", seed=5)
    put_photo("d/bad.jpg", seed=8)
    assert told(made) == {"bad.jpg": "changed since"}
    assert made("runs", "retry", "out").code == 0
    ended = made("enhance", "d", "-o", "out", "-m", "gamma")
    assert "out/bad.jpg was put there since this failed; --overwrite replaces it" in ended.out
    assert Path("out/bad.jpg").read_bytes() == mine


def test_verify_tells_what_is_missing_until_it_is_there(made: Call) -> None:
    Path("d/bad.jpg").unlink()
    Path("out/a.jpg").unlink()
    Path("d/a.jpg").rename("d/away.jpg")
    for _ in range(2):
        assert made("runs", "retry", "out").code == 1
        assert made("runs", "verify", "out").code == 1
        assert set(told(made)) == {"a.jpg"}
    Path("d/away.jpg").rename("d/a.jpg")
    assert made("runs", "retry", "out").code == 0
    assert made("runs", "verify", "out").out == "3 whole\n"


def test_inputs_that_were_named_in_full_may_move_too(relume: Call) -> None:
    put_photo("project/d/a.jpg")
    names = [str(Path("project", name).absolute()) for name in ("d", "out")]
    assert relume("enhance", names[0], "-o", names[1], *GAMMA).code == 0
    Path("project").rename("moved")
    before = Path("moved/out/a.jpg").read_bytes()
    Path("moved/out/a.jpg").unlink()
    ended = relume("runs", "retry", "moved/out")
    assert ended.code == 0, ended.err
    assert Path("moved/out/a.jpg").read_bytes() == before


@pytest.mark.parametrize("with_inputs", [True, False], ids=["all moved", "results moved"])
def test_retry_works_on_the_folder_that_is_named(
    made: Call, monkeypatch: pytest.MonkeyPatch, with_inputs: bool
) -> None:
    Path("d/bad.jpg").unlink()
    made("runs", "retry", "out")
    there = Path("new/deep")
    there.mkdir(parents=True)
    Path("out").rename(there / "bright")
    if with_inputs:
        Path("d").rename(there / "d")
    before = (there / "bright/a.jpg").read_bytes()
    (there / "bright/a.jpg").unlink()
    ended = made("runs", "retry", str(there / "bright"))
    assert ended.code == 0, ended.err
    assert (there / "bright/a.jpg").read_bytes() == before
    assert not Path("out").exists()
    monkeypatch.chdir(there)
    assert made("runs", "verify", "bright").out == "3 whole\n"


def test_another_picture_of_the_same_name_in_the_old_place_is_not_taken(made: Call) -> None:
    Path("d/bad.jpg").unlink()
    Path("moved").mkdir()
    for name in ("d", "out"):
        Path(name).rename(Path("moved", name))
    put_photo("d/a.jpg", seed=9)  # the next memory card
    before = Path("moved/out/a.jpg").read_bytes()
    Path("moved/out/a.jpg").unlink()
    ended = made("runs", "retry", "moved/out")
    assert ended.code == 0, ended.err
    assert Path("moved/out/a.jpg").read_bytes() == before


def test_inputs_that_are_not_there_are_told_with_the_way_out(made: Call) -> None:
    Path("d").rename("elsewhere")
    Path("out/a.jpg").unlink()
    ended = made("runs", "retry", "out")
    assert ended.code == 1
    assert ended.complaint.startswith("relume: d/a.jpg: not in /")
    assert "give that command yourself" in ended.complaint
    assert not Path("out/a.jpg").exists()


def test_a_record_that_lies_apart_knows_its_results(relume: Call) -> None:
    put_photo("d/a.jpg")
    assert relume("enhance", "d", "-o", "out/", "--manifest", "m.sqlite", *GAMMA).code == 0
    assert relume("runs", "verify", "m.sqlite").out == "1 whole\n"
    Path("out").rename("there")
    ended = relume("runs", "verify", "m.sqlite")
    assert ended.code == 1
    assert "give DIR --manifest m.sqlite" in ended.complaint
    assert relume("runs", "verify", "there", "--manifest", "m.sqlite").out == "1 whole\n"
    Path("there/a.jpg").unlink()
    assert relume("runs", "retry", "there", "--manifest", "m.sqlite").code == 0
    assert Path("there/a.jpg").exists()
    assert not Path("out").exists()


def test_records_of_shards_and_their_merger_say_the_same(relume: Call) -> None:
    for seed in range(6):
        put_photo(f"d/{seed}.png", seed=seed)
    Path("d/bad.png").write_bytes(b"no picture")
    words = ("enhance", "d", "-o", "out", *GAMMA, "--shards")
    codes = [relume(*words, part).code for part in ("1/2", "2/2")]
    assert sorted(codes) == [0, 1]
    assert "only records of shards" in relume("runs", "verify", "out").complaint
    relume("runs", "merge", "out")
    assert set(told(relume)) == {"bad.png"}
    put_photo("d/bad.png", seed=9)
    Path("out/3.png").unlink()
    assert relume("runs", "retry", "out").code == 0
    assert relume("runs", "verify", "out").out == "7 whole\n"
    before = kept()
    for part in ("1/2", "2/2"):  # whose own records still say that it failed
        assert relume(*words, part).code == 0
    assert kept() == before
    # What a shard does later is known without another merger.
    for part in ("1/2", "2/2"):
        assert relume(*words, part, "-k", "gamma=0.3").code == 0
    assert relume("runs", "verify", "out").out == "7 whole\n"
    assert "nothing failed" in relume("runs", "retry", "out").out


def test_a_series_is_seen_whole_though_one_is_made_anew(relume: Call) -> None:
    for index in range(5):
        put_photo(f"d/{index}.png", height=64, width=96, seed=3 + index)
    assert relume("enhance", "d", "-o", "out", *GAMMA, "--series").code == 0
    before = Path("out/2.png").read_bytes()
    Path("out/2.png").unlink()
    assert relume("runs", "retry", "out").code == 0
    assert Path("out/2.png").read_bytes() == before


def test_a_command_that_cannot_be_given_stops_no_other(relume: Call) -> None:
    from relume.runtime import weights

    for name in "ab":
        put_photo(f"d/{name}.jpg", seed=ord(name))
    shutil.copy(next(weights.folder("sgz").glob("*.onnx")), "mine.onnx")
    assert relume("enhance", "d/a.jpg", "-o", "out/", "-m", "mine.onnx", "-q").code == 0
    assert relume("enhance", "d/b.jpg", "-o", "out/", *GAMMA).code == 0
    for name in ("mine.onnx", "out/a.jpg", "out/b.jpg"):
        Path(name).unlink()
    ended = relume("runs", "retry", "out")
    assert ended.code == 1
    assert "mine.onnx" in ended.complaint
    assert not Path("out/a.jpg").exists()
    assert Path("out/b.jpg").exists()


def test_a_copy_of_a_project_is_mended_in_itself(made: Call) -> None:
    Path("d/bad.jpg").unlink()
    made("runs", "retry", "out")
    shutil.copytree("out", "copy")
    Path("copy/a.jpg").unlink()
    before = kept()
    assert made("runs", "retry", "copy").code == 0
    assert Path("copy/a.jpg").read_bytes() == before["a.jpg"][1]
    assert kept() == before
