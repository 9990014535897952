"""`relume score --video` by the command: what is refused, and that no video is written over."""

from __future__ import annotations

from pathlib import Path

import clips
import pytest

from relume.cli import main

Told = pytest.CaptureFixture[str]


@pytest.fixture
def films(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name, light in (("a.mp4", 0.3), ("b.mp4", 0.06)):
        clips.write(tmp_path / name, clips.still(clips.scene(light=light)), times=range(3))
    return tmp_path


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("--video a.mp4 b.mp4 --csv b.mp4", "--csv b.mp4: b.mp4 is an input"),
        ("--video a.mp4 b.mp4 --csv ./a.mp4", "--csv a.mp4: a.mp4 is an input"),
        ("--video a.mp4 b.mp4 --csv c.svg --plot c.svg", "--plot c.svg: --csv goes there already"),
        ("--video a.mp4 --plot c.png", "--plot c.png: an SVG is drawn, name it FILE.svg"),
        ("--video a.mp4 --csv no/c.csv", "cannot write no/c.csv: there is no folder no"),
        ("--video a.mp4 b.mp4 --metrics psnr", "--metrics does not go with --video"),
        ("--video a.mp4 b.mp4 --series", "--series does not go with --video"),
        ("--video a.mp4 b.mp4 --input b.mp4", "--video takes one input"),
        ("a.mp4 b.mp4", "a.mp4 is a video: --video measures its flicker"),
        ("a.png --csv c.csv", "--csv is for --video"),
        ("--video a.png", "a.png: no video that can be read: it is of no format that is opened"),
    ],
)
def test_what_cannot_be_measured_so_is_told_before(
    films: Path, capsys: Told, words: str, told: str
) -> None:
    (films / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(60))
    before = {path: path.read_bytes() for path in films.iterdir()}
    assert main(["score", *words.split()]) in (1, 2)
    heard = capsys.readouterr()
    assert told in heard.err
    assert heard.err.count("\n") == 1
    assert not heard.out
    assert {path: path.read_bytes() for path in films.iterdir()} == before


def test_numbers_are_printed_and_written(films: Path, capsys: Told) -> None:
    words = ["score", "--video", "a.mp4", "b.mp4", "--csv", "c.csv", "--plot", "c.svg"]
    assert main(words) == 0
    assert "3 frames, 0 cuts\nmean gain in light" in capsys.readouterr().out
    assert len((films / "c.csv").read_text("utf-8").splitlines()) == 4
    assert "<polyline" in (films / "c.svg").read_text("utf-8")
    assert main(["score", "--video", "a.mp4"]) == 0
    assert "its input" not in capsys.readouterr().out  # an empty column tells nothing
    assert main(words) == 2
    assert "c.csv is there already; --overwrite replaces it" in capsys.readouterr().err
    assert main([*words, "--overwrite"]) == 0
