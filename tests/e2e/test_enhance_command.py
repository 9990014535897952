"""`relume enhance` on good input: names, trees, streams, resuming, JSON."""

from __future__ import annotations

import io
import json
import os
import pty
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from e2e.command import COMMAND, Call, mean, put_photo, run
from relume import extras

GAMMA = ("-m", "gamma")


def files() -> list[str]:
    """All files but the records of runs."""
    found = (path for path in Path().rglob("*") if path.is_file() and ".relume" not in path.parts)
    return sorted(path.as_posix() for path in found)


def test_one_photo(relume: Call) -> None:
    before = put_photo("party.jpg")
    ended = relume("enhance", "party.jpg", *GAMMA)
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith("party.jpg → party.relume.jpg  gamma  ")
    assert ended.out.endswith(" s\n")
    assert mean("party.relume.jpg") > mean("party.jpg") + 10
    assert Path("party.jpg").read_bytes() == before


def test_auto_gives_its_reason(relume: Call) -> None:
    put_photo("party.jpg")
    ended = relume("enhance", "party.jpg", "--json")
    facts = json.loads(ended.out)
    assert facts["reason"]
    ended = relume("enhance", "party.jpg", "--overwrite")
    assert f"  {facts['method']}: {facts['reason']}  " in ended.out


def test_knob_and_strength_reach_the_method(relume: Call) -> None:
    put_photo("a.png")
    relume("enhance", "a.png", *GAMMA, "-o", "one.png")
    relume("enhance", "a.png", *GAMMA, "-k", "gamma=0.2", "-o", "more.png")
    relume("enhance", "a.png", *GAMMA, "--strength", "0.5", "-o", "half.png")
    relume("enhance", "a.png", *GAMMA, "--strength", "0", "-o", "none.png")
    assert mean("a.png") < mean("half.png") < mean("one.png") < mean("more.png")
    assert mean("none.png") == mean("a.png")


def test_tree_is_kept_and_a_second_run_has_nothing_to_do(relume: Call) -> None:
    for name in ("d/a.jpg", "d/b.png", "d/sub/deep/c.jpg"):
        put_photo(name)
    Path("d/notes.txt").write_text("not a picture")
    ended = relume("enhance", "d", "-r", "-o", "out", *GAMMA)
    assert ended.code == 0
    assert ended.out.splitlines()[-1].startswith("3 enhanced, 1 ignored; ")
    assert [name for name in files() if name.startswith("out")] == [
        "out/a.jpg",
        "out/b.png",
        "out/sub/deep/c.jpg",
    ]
    stamps = [Path(name).stat().st_mtime_ns for name in files()]
    ended = relume("enhance", "d", "-r", "-o", "out", *GAMMA)
    assert ended.code == 0
    assert "3 skipped" in ended.out
    assert [Path(name).stat().st_mtime_ns for name in files()] == stamps


def test_a_run_resumes_where_it_ended(relume: Call) -> None:
    for name in ("d/a.jpg", "d/b.jpg", "d/c.jpg"):
        put_photo(name)
    relume("enhance", "d/b.jpg", *GAMMA)
    ended = relume("enhance", "d", *GAMMA, "--json")
    told = [json.loads(line) for line in ended.out.splitlines()]
    assert [line["skipped"] for line in told] == [False, True, False]


def test_overwrite_replaces_results_and_only_those(relume: Call) -> None:
    before = put_photo("a.png")
    Path("a.relume.png").write_bytes(b"an old result")
    relume("enhance", "a.png", *GAMMA, "--overwrite")
    assert mean("a.relume.png") > mean("a.png")
    assert Path("a.png").read_bytes() == before


def test_folder_beside_and_its_results_are_not_enhanced_again(relume: Call) -> None:
    put_photo("d/a.jpg")
    for _ in range(2):
        assert relume("enhance", "d", "--overwrite", *GAMMA).code == 0
    assert files() == ["d/a.jpg", "d/a.relume.jpg"]


def test_patterns(relume: Call) -> None:
    put_photo("a.jpg")
    put_photo("b.png")
    assert relume("enhance", "*.jpg", *GAMMA).code == 0
    assert files() == ["a.jpg", "a.relume.jpg", "b.png"]


def test_json_has_one_object_for_each_picture_in_order(relume: Call) -> None:
    for index in range(6):
        put_photo(f"d/{index}.jpg", seed=index)
    ended = relume("enhance", "d", *GAMMA, "--json", "-j", "3")
    told = [json.loads(line) for line in ended.out.splitlines()]
    assert [line["input"] for line in told] == [f"d/{index}.jpg" for index in range(6)]
    assert set(told[0]) == {
        *("input", "output", "method", "knobs", "reason", "seconds", "width", "height"),
        *("notes", "skipped"),
    }
    assert told[0]["output"] == "d/0.relume.jpg"
    assert told[0]["method"] == "gamma"
    assert told[0]["knobs"] == {"gamma": 0.4545}
    assert (told[0]["width"], told[0]["height"]) == (64, 48)
    assert told[0]["seconds"] > 0


@pytest.mark.parametrize("extra", [(), ("--json",)])
def test_dry_run_touches_nothing(relume: Call, extra: tuple[str, ...]) -> None:
    put_photo("d/a.jpg")
    put_photo("d/b.jpg")
    put_photo("d/b.relume.jpg")
    before = files()
    ended = relume("enhance", "d", "-n", "-o", "out", *GAMMA, *extra)
    assert ended.code == 0
    assert files() == before
    if extra:
        assert json.loads(ended.out.splitlines()[0]) == {
            "input": "d/a.jpg",
            "output": "out/a.jpg",
            "skipped": False,
        }
    else:
        assert ended.out.splitlines() == ["d/a.jpg → out/a.jpg", "d/b.jpg → out/b.jpg"]


def test_a_dry_run_shows_folders(relume: Call) -> None:
    put_photo("d/a.jpg")
    assert relume("enhance", "d", "-n", *GAMMA).out == "d/a.jpg → d/a.relume.jpg\n"


def test_raw_files_without_the_extra_are_told(
    relume: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("relume.cli._raw.missing", lambda extra: ("rawpy",))
    put_photo("d/a.jpg")
    for name in ("d/1.ARW", "d/2.cr2", "raws/3.nef"):
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).write_bytes(b"raw")
    ended = relume("enhance", "d", *GAMMA)
    assert ended.code == 0
    assert ended.complaint == "relume: ignored: 2 files need pip install 'relume[raw]'"
    ended = relume("enhance", "raws", *GAMMA)
    assert ended.code == 1
    assert ended.complaint == (
        "relume: raws: this folder holds no pictures to enhance, "
        "but 1 file needs pip install 'relume[raw]'"
    )


def test_a_video_without_the_extra_is_told_so(
    relume: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(extras.EXTRAS, "video", ("surely_not_installed",))
    Path("a.mp4").write_bytes(b"film")
    for output in ((), ("-o", "b.mp4"), ("-o", "out/")):
        ended = relume("enhance", "a.mp4", *output, *GAMMA)
        assert ended.code in (1, 2)
        assert ended.complaint.endswith(
            "needs a package that is not installed; pip install 'relume[video]'"
        )
    assert not Path("out").exists()


def test_the_same_pattern_again_passes_results_over(relume: Call) -> None:
    for name in ("a.jpg", "b.jpg"):
        put_photo(name)
    assert relume("enhance", "a.jpg", "b.jpg", *GAMMA).code == 0
    before = {path: path.read_bytes() for path in Path().iterdir()}
    ended = relume("enhance", *sorted(map(str, before)), *GAMMA)
    assert (ended.code, ended.err) == (0, "")
    assert "2 skipped, 2 ignored" in ended.out
    assert {path: path.read_bytes() for path in Path().iterdir()} == before


def test_quiet_prints_nothing(relume: Call) -> None:
    put_photo("a.jpg")
    ended = relume("enhance", "a.jpg", "-q", *GAMMA)
    assert (ended.code, ended.out, ended.err) == (0, "", "")


def test_metadata_is_kept_unless_stripped(relume: Call) -> None:
    exif = Image.Exif()
    exif[0x010F] = "Maker"
    Image.new("RGB", (32, 24), (9, 8, 7)).save("a.jpg", exif=exif)
    relume("enhance", "a.jpg", *GAMMA)
    relume("enhance", "a.jpg", *GAMMA, "--strip-metadata", "-o", "bare.jpg")
    with Image.open("a.relume.jpg") as kept, Image.open("bare.jpg") as bare:
        assert kept.getexif()[0x010F] == "Maker"
        assert str(kept.getexif()[0x0131]).startswith("relume ")
        assert not dict(bare.getexif())


def test_quality_changes_the_size(relume: Call) -> None:
    put_photo("a.jpg", height=200, width=300)
    relume("enhance", "a.jpg", *GAMMA, "--quality", "95", "-o", "large.jpg")
    relume("enhance", "a.jpg", *GAMMA, "--quality", "20", "-o", "small.jpg")
    assert Path("small.jpg").stat().st_size < Path("large.jpg").stat().st_size / 2


def test_sixteen_bits_stay(relume: Call) -> None:
    import cv2

    ramp = np.arange(48 * 64 * 3, dtype=np.uint16).reshape(48, 64, 3)
    cv2.imwrite("deep.png", ramp)
    assert relume("enhance", "deep.png", *GAMMA).code == 0
    after = cv2.imread("deep.relume.png", cv2.IMREAD_UNCHANGED)
    assert after is not None
    assert after.dtype == np.uint16
    assert len(np.unique(after)) > 256


def test_stream_to_stream(folder: Path) -> None:
    data = put_photo("a.png")
    ended = run("enhance", "-", *GAMMA, given=data)
    assert (ended.returncode, ended.stderr) == (0, b"")
    with Image.open(io.BytesIO(ended.stdout)) as image:
        assert image.format == "PNG"
        assert np.asarray(image).mean() > mean("a.png") + 10
    assert files() == ["a.png"]


def test_stream_to_file_and_file_to_stream(folder: Path) -> None:
    data = put_photo("a.png")
    ended = run("enhance", "-", *GAMMA, "-o", "b.jpg", "--json", given=data)
    assert ended.returncode == 0
    assert json.loads(ended.stdout)["output"] == "b.jpg"
    assert mean("b.jpg") > mean("a.png") + 10
    before = Path("b.jpg").read_bytes()
    assert b"skipped" in run("enhance", "-", "-m", "identity", "-o", "b.jpg", given=data).stdout
    assert Path("b.jpg").read_bytes() == before
    ended = run("enhance", "a.png", *GAMMA, "-o", "-")
    assert ended.stdout.startswith(b"\x89PNG")


def test_names_that_are_no_text(folder: Path) -> None:
    name = os.fsdecode(b"caf\xe9 \x1b[31m\n.jpg")
    put_photo("plain.jpg")
    Path("plain.jpg").rename(name)
    ended = run("enhance", ".", *GAMMA, env={"PYTHONIOENCODING": "ascii", "LC_ALL": "C"})
    assert (ended.returncode, ended.stderr) == (0, b"")
    assert len(ended.stdout.splitlines()) == 1
    assert b"\x1b" not in ended.stdout
    assert len(files()) == 2


def test_bar_on_a_terminal_and_lines_elsewhere(folder: Path) -> None:
    for index in range(4):
        put_photo(f"d/{index}.jpg", seed=index)
    reader, writer = pty.openpty()
    with subprocess.Popen(
        [*COMMAND, "enhance", "d", *GAMMA], stdout=subprocess.PIPE, stderr=writer
    ) as process:
        os.close(writer)
        shown = b""
        while True:
            try:
                piece = os.read(reader, 65536)
            except OSError:  # the other end has closed
                break
            if not piece:
                break
            shown += piece
        out = process.stdout.read() if process.stdout else b""
    os.close(reader)
    assert process.returncode == 0
    assert b"4/4" in shown
    assert b"/s" in shown
    assert out.count(b"gamma") == 4
    assert b"4/4" not in out
