"""Videos by the command: what results are called, what is refused, and that nothing is lost."""

from __future__ import annotations

from pathlib import Path

import clips
import pytest

from relume.cli import main

Told = pytest.CaptureFixture[str]


@pytest.mark.parametrize("place", ["beside", "file", "folder"])
def test_a_preview_is_not_taken_for_the_result(tmp_path: Path, capsys: Told, place: str) -> None:
    source = clips.write(tmp_path / "a.mp4", times=range(20))
    words = ["enhance", str(source), "-m", "gamma", "--preset", "ultrafast"]
    target = {"beside": tmp_path / "a.relume.mp4", "file": tmp_path / "b.mp4"}.get(
        place, tmp_path / "c" / "a.mp4"
    )
    more = {"beside": [], "file": ["-o", str(target)], "folder": ["-o", f"{target.parent}/"]}[place]
    assert main([*words, "--preview", "0.5", *more]) == 0
    name = "a.preview.relume.mp4" if place == "beside" else f"{target.stem}.preview.mp4"
    assert clips.lumas(target.with_name(name)).shape[0] == 10
    assert not target.exists()
    assert main([*words, *more]) == 0
    assert clips.lumas(target).shape == (20, 64, 96)
    assert main([*words, "--preview", "0.5", *more]) == 0
    assert f"{name} is" in capsys.readouterr().out  # there, or done with these settings
    assert main(["enhance", str(tmp_path), "--dry-run"]) == 0
    told = capsys.readouterr().out
    assert ("b.mp4" in told) == (place == "file")
    assert "a.preview" not in told


def test_a_preview_may_be_named_and_never_takes_an_input(tmp_path: Path, capsys: Told) -> None:
    source = clips.write(tmp_path / "a.mp4", times=range(20))
    words = ["enhance", str(source), "-m", "gamma", "--preset", "ultrafast", "--preview", "0.5"]
    assert main([*words, "-o", str(tmp_path / "Preview of a.mp4")]) == 0
    assert (tmp_path / "Preview of a.mp4").exists()
    other = clips.write(tmp_path / "b.preview.mp4", times=range(20))
    before = other.read_bytes()
    words[1] = str(other)
    assert main([*words, "-o", str(tmp_path / "b.mp4")]) == 2
    assert "would be overwritten" in capsys.readouterr().err
    assert other.read_bytes() == before


@pytest.mark.parametrize("name", ["song.m4a", "song.MP3", "song.flac"])
@pytest.mark.parametrize("more", [[], ["-o", "b.mp4"], ["-o", "b/"]])
def test_sound_is_neither_picture_nor_video(
    tmp_path: Path, capsys: Told, monkeypatch: pytest.MonkeyPatch, name: str, more: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).write_bytes(b"ID3")
    assert main(["enhance", name, *more]) == 1
    assert capsys.readouterr().err == f"relume: {name}: sound, neither a picture nor a video\n"
    assert [each.name for each in tmp_path.iterdir()] == [name]
