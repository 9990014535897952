"""Runs that were stopped go on, and end with the bytes of one that was not."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import clips
import killed
import pytest

from relume.runtime.method import load
from relume.video import enhance, pieces
from relume.video.choice import Chosen
from relume.video.enhance import Options, Stopped, VideoRun

RELUME = load("relume", threads=1)


@pytest.fixture
def short_pieces(monkeypatch):
    monkeypatch.setattr(pieces, "FRAMES", 8)
    monkeypatch.setattr(enhance, "FRAMES", 8)


def run(source: Path, target: Path, stop_at: int | None = None) -> None:
    seen = [0]

    def called_off() -> bool:
        seen[0] += 1
        return stop_at is not None and seen[0] > stop_at

    VideoRun(
        source,
        target,
        lambda _: Chosen(RELUME, {"denoise": 0.0}, 1.0),
        Options(preset="ultrafast", threads=1),
        is_called_off=called_off,
    )()


def test_stopped_run_leaves_a_playable_part_and_goes_on_to_the_same_bytes(tmp_path, short_pieces):
    times = [0, 1, 2, 4, 5, 9, *range(10, 40)]
    source = clips.write(tmp_path / "a.mp4", clips.moving(clips.scene()), times=times, sound=True)
    whole, again = tmp_path / "whole.mp4", tmp_path / "again.mp4"
    run(source, whole)
    with pytest.raises(Stopped):
        run(source, again, stop_at=21)
    assert not again.exists()
    part = clips.times(tmp_path / "again.part.mp4")
    assert part == clips.times(source)[: len(part)]
    assert len(part) == 21
    run(source, again)
    assert again.read_bytes() == whole.read_bytes()


@pytest.mark.parametrize("stop_at", [3, 21], ids=["in the first piece", "later"])
def test_the_part_that_was_left_goes_with_the_result_unless_it_was_changed(
    tmp_path, short_pieces, stop_at
):
    source = clips.write(tmp_path / "a.mp4", times=range(30))
    target, part = tmp_path / "b.mp4", tmp_path / "b.part.mp4"
    for change in (b"", b"mine"):
        with pytest.raises(Stopped):
            run(source, target, stop_at=stop_at)
        with part.open("ab") as file:
            file.write(change)
        run(source, target)
        assert part.exists() is bool(change)
        target.unlink()
        assert not list(tmp_path.glob(".relume-*"))


def test_other_options_begin_anew(tmp_path, short_pieces):
    source = clips.write(tmp_path / "a.mp4", times=range(20))
    target = tmp_path / "b.mp4"
    with pytest.raises(Stopped):
        run(source, target, stop_at=12)
    VideoRun(
        source,
        target,
        lambda _: Chosen(RELUME, {"denoise": 0.0}, 0.5),
        Options(preset="ultrafast", threads=1),
    )()
    other = tmp_path / "c.mp4"
    VideoRun(
        source,
        other,
        lambda _: Chosen(RELUME, {"denoise": 0.0}, 0.5),
        Options(preset="ultrafast", threads=1),
    )()
    assert target.read_bytes() == other.read_bytes()


def test_killed_while_pieces_are_joined_leaves_nothing_beside_the_result(
    tmp_path, short_pieces, monkeypatch
):
    source = clips.write(tmp_path / "a.mp4", times=range(20))
    target, whole = tmp_path / "b.mp4", tmp_path / "whole.mp4"
    run(source, whole)
    join, unlink = enhance.join, Path.unlink

    def killed_in_the_middle(pieces, source, target, **how):
        join(pieces, source, target, **how)
        monkeypatch.setattr(Path, "unlink", lambda path, missing_ok=False: None)
        raise KeyboardInterrupt  # nothing is tidied up after it, as after SIGKILL

    monkeypatch.setattr(enhance, "join", killed_in_the_middle)
    with pytest.raises(KeyboardInterrupt):
        run(source, target)
    monkeypatch.setattr(enhance, "join", join)
    monkeypatch.setattr(Path, "unlink", unlink)
    run(source, target)
    assert target.read_bytes() == whole.read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.mp4", "b.mp4", "whole.mp4"]


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is a signal of POSIX")
def test_killed_twice_and_run_again(tmp_path, short_pieces):
    """`killed.py` kills at any number of random moments."""
    source = clips.write(tmp_path / "a.mp4", clips.moving(clips.scene()), times=range(40))
    whole, again = tmp_path / "whole.mp4", tmp_path / "again.mp4"
    run(source, whole)
    for pieces_done in (1, 3):
        process = killed.start(source, again)
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline and process.poll() is None:
            if len(list(tmp_path.glob(".relume-*.pieces/0*.json"))) >= pieces_done:
                break
            time.sleep(0.002)
        process.kill()
        process.wait(30)
    run(source, again)
    assert again.read_bytes() == whole.read_bytes()
    assert not list(tmp_path.glob(".relume-*"))
