"""Where results are written: links that lie there, what kills have left, the longest names."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from e2e.command import Call, put_photo, run

GAMMA = ("-m", "gamma", "-q")


@pytest.mark.parametrize("words", [("-o", "out"), ("-o", "out/a.jpg")], ids=["folder", "file"])
@pytest.mark.parametrize("there", [True, False], ids=["of a file", "of nothing"])
def test_nothing_is_written_through_a_link(
    relume: Call, words: tuple[str, str], there: bool
) -> None:
    put_photo("d/a.jpg")
    mine = put_photo("elsewhere/mine.jpg", seed=4)
    if not there:
        Path("elsewhere/mine.jpg").unlink()
    Path("out").mkdir()
    Path("out/a.jpg").symlink_to("../elsewhere/mine.jpg")
    source = "d" if words[1] == "out" else "d/a.jpg"
    ended = relume("enhance", source, *words, *GAMMA, "--overwrite")
    assert ended.code == 1
    assert "out/a.jpg: a symbolic link lies there" in ended.complaint
    assert Path("out/a.jpg").is_symlink()
    assert list(Path("elsewhere").iterdir()) == ([Path("elsewhere/mine.jpg")] if there else [])
    assert not there or Path("elsewhere/mine.jpg").read_bytes() == mine


def test_retry_writes_through_no_link_and_one_to_the_result_is_whole(relume: Call) -> None:
    for name in "ab":
        put_photo(f"d/{name}.jpg", seed=ord(name))
    assert relume("enhance", "d", "-o", "out", *GAMMA).code == 0
    Path("disk").mkdir()
    for name in "ab":
        Path(f"out/{name}.jpg").rename(f"disk/{name}.jpg")
        Path(f"out/{name}.jpg").symlink_to(f"../disk/{name}.jpg")
    assert relume("runs", "verify", "out").out == "2 whole\n"
    Path("disk/a.jpg").write_bytes(b"")
    Path("disk/b.jpg").unlink()
    assert relume("runs", "verify", "out").code == 1
    ended = relume("runs", "retry", "out")
    assert ended.code == 1
    assert ended.err.count("a symbolic link lies there") == 2
    assert Path("disk/a.jpg").read_bytes() == b""
    assert not Path("disk/b.jpg").exists()


def test_a_link_to_a_file_is_no_result(relume: Call) -> None:
    """Without --overwrite, with a record and without, and when it is asked for once more."""
    put_photo("d/a.jpg")
    mine = put_photo("mine.jpg", seed=4)
    for place, words in (("out/a.jpg", ("-o", "out/")), ("d/a.relume.jpg", ())):
        Path(place).parent.mkdir(exist_ok=True)
        Path(place).symlink_to("../mine.jpg")
        for _ in range(2):
            ended = relume("enhance", "d", *words, *GAMMA)
            assert ended.code == 1
            assert f"{place}: a symbolic link lies there" in ended.complaint
            os.utime("mine.jpg")  # it is changed by whomever it belongs to
        Path(place).unlink()
    assert Path("mine.jpg").read_bytes() == mine


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes with names are POSIX")
@pytest.mark.parametrize("words", [("-o", "out"), ("-o", "out/a.jpg"), ()])
def test_a_pipe_in_a_results_place_is_told(folder: Path, words: tuple[str, ...]) -> None:
    put_photo("d/a.jpg")
    put_photo("d/b.jpg")
    place = Path("out/a.jpg" if words else "d/a.relume.jpg")
    place.parent.mkdir(exist_ok=True)
    os.mkfifo(place)
    source = "d/a.jpg" if "out/a.jpg" in words else "d"
    for extra in ((), ("--overwrite",)):
        ended = run("enhance", source, *words, *GAMMA, *extra)
        assert ended.returncode == 1
        assert f"{place}: a pipe or device lies there" in ended.stderr.decode()
        assert len(ended.stderr.splitlines()) == 1
    if words == ("-o", "out"):
        assert b"\n1 failed, 1 whole\n" in run("runs", "verify", "out").stdout


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes with names are POSIX")
def test_a_pipe_among_inputs_and_one_for_a_record_are_told(folder: Path) -> None:
    put_photo("d/a.jpg")
    os.mkfifo("d/pipe.jpg")
    ended = run("enhance", "d", "-o", "out", *GAMMA)
    assert ended.returncode == 1
    assert b"d/pipe.jpg: is neither a file nor a folder" in ended.stderr
    assert Path("out/a.jpg").exists()
    Path("d/pipe.jpg").unlink()
    os.mkfifo("m.sqlite")
    ended = run("enhance", "d", "-o", "other/", "--manifest", "m.sqlite", *GAMMA)
    assert ended.returncode == 1
    assert b"m.sqlite: a pipe or device" in ended.stderr
    assert len(ended.stderr.splitlines()) == 1
    assert run("runs", "show", "other", "--manifest", "m.sqlite").returncode == 1


def test_no_record_is_begun_through_a_link_to_nothing(relume: Call) -> None:
    put_photo("d/a.jpg")
    Path("out/.relume").mkdir(parents=True)
    Path("out/.relume/run.sqlite").symlink_to("../../outside.sqlite")
    ended = relume("enhance", "d", "-o", "out", *GAMMA)
    assert ended.code == 1
    assert "out/.relume/run.sqlite: a link to what is not there" in ended.complaint
    assert not Path("outside.sqlite").exists()
    assert not Path("out/a.jpg").exists()


def test_maps_go_through_no_link_either(relume: Call) -> None:
    put_photo("a.jpg")
    words = ("enhance", "a.jpg", "-m", "sgz", "-q", "--maps", "maps")
    assert relume(*words).code == 0
    for path in Path("maps").iterdir():
        path.unlink()
        path.symlink_to("../mine.png")
    ended = relume(*words, "--overwrite")
    assert ended.code == 1
    assert "a symbolic link lies there" in ended.complaint
    assert not Path("mine.png").exists()


@pytest.mark.skipif(os.name != "posix", reason="there are no locks to tell by")
@pytest.mark.parametrize("words", [("-o", "out"), ()], ids=["with a record", "beside"])
def test_what_a_kill_left_is_gone_after_the_next_run(relume: Call, words: tuple[str, ...]) -> None:
    for seed in range(3):
        put_photo(f"d/{seed}.jpg", seed=seed)
    killed = "import sys\nfrom relume.cli import main\n" + KILL + "main(sys.argv[1:])\n"
    subprocess.run([sys.executable, "-c", killed, "enhance", "d", *words, *GAMMA], check=False)
    results = Path(words[1] if words else "d")
    assert list(results.rglob(".relume-*.part"))
    assert not words or list(results.rglob("*.lock"))
    assert relume("enhance", "d", *words, *GAMMA).code == 0
    assert not [*results.rglob(".relume-*.part"), *results.rglob("*.lock")]


KILL = """
import os, signal
import os
import subprocess
import sys
from pathlib import Path
Path.replace = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.skipif(sys.platform == "darwin", reason="its names are counted in other units")
def test_the_longest_names_are_results_and_what_cannot_be_is_told(relume: Call) -> None:
    name = f"{'n' * 251}.jpg"
    data = put_photo("short.jpg")
    Path("d").mkdir()
    Path(f"d/{name}").write_bytes(data)
    words = ("enhance", "d", *GAMMA)
    assert relume(*words, "-o", "out").code == 0
    assert Path(f"out/{name}").is_file()
    assert relume("runs", "verify", "out").out == "1 whole\n"
    ended = relume(*words)  # beside the input, where its name becomes longer
    assert ended.code == 1
    told = f"cannot write d/{'n' * 251}.relume.jpg: file name too long; choose a shorter one"
    assert ended.complaint.endswith(told)
    ended = relume("enhance", "d", "-o", "more", "-m", "sgz", "-q", "--maps", "maps")
    assert ended.code == 1
    assert "cannot write maps/n" in ended.complaint


def test_a_sidecar_whose_name_would_be_too_long_is_told(relume: Call) -> None:
    put_photo("d/a.jpg")
    Path("d/a.jpg.xmp").write_text("<x:xmpmeta xmlns:x='adobe:ns:meta/'/>")
    ended = relume("enhance", "d/a.jpg", "-o", f"{'n' * 251}.jpg", "-m", "gamma")
    assert ended.code == 0
    assert "sidecar not copied: cannot write" in ended.out
    assert "file name too long" in ended.out
