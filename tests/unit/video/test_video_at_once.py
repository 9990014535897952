"""Two runs at one result: one does it, the other is told, and neither takes anything away."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import clips
import pytest

from relume.errors import ContractError, UnwritableError
from relume.runtime.method import load
from relume.video.choice import Chosen
from relume.video.enhance import Options, VideoRun
from relume.video.pieces import Workshop
from relume.video.source import Source

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there are no such locks")
GAMMA = load("gamma")
FAST = Options(preset="ultrafast", codec="h264", threads=1)


def a_run(source: Path, target: Path, meanwhile: Callable[[], None] | None = None) -> VideoRun:
    def choose(_: Source) -> Chosen:
        return Chosen(GAMMA, {}, 1.0)

    def progress(done: int, _: int) -> None:
        if done == 3 and meanwhile is not None:
            meanwhile()

    return VideoRun(source, target, choose, FAST, progress=progress)


def test_the_second_run_is_told_and_the_first_goes_on(tmp_path: Path) -> None:
    source = clips.write(tmp_path / "a.mp4", times=range(6))
    target = tmp_path / "b.mp4"

    def second() -> None:
        with pytest.raises(ContractError, match=r"^another run is at work on [^\n]*b\.mp4; wait"):
            a_run(source, target)()

    assert a_run(source, target, second)().frames == 6
    assert len(clips.times(target)) == 6
    assert sorted(each.name for each in tmp_path.iterdir()) == ["a.mp4", "b.mp4"]


def test_a_folder_that_was_begun_meanwhile_is_left_alone(tmp_path: Path) -> None:
    first, second = (Workshop(tmp_path / "b.mp4", {}) for _ in range(2))
    with first.opened():
        first.remove()
        with second.opened():
            assert second.folder.exists()
            (second.folder / "000000.mp4.part").write_bytes(b"at work")
            with pytest.raises(ContractError), Workshop(tmp_path / "b.mp4", {}).opened():
                pass
            assert (second.folder / "000000.mp4.part").exists()
    assert not second.folder.exists()


def test_a_lock_that_is_taken_away_before_it_is_had_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import fcntl

    shop, taken = Workshop(tmp_path / "b.mp4", {}), list[int]()
    lock = fcntl.flock

    def late(file: Any, how: int) -> None:
        if not taken:
            taken.append(how)
            shutil.rmtree(shop.folder)  # as the run that held it does at its end
        lock(file, how)

    monkeypatch.setattr(fcntl, "flock", late)
    with shop.opened():
        assert taken
        with pytest.raises(ContractError), Workshop(tmp_path / "b.mp4", {}).opened():
            pass


def test_a_folder_that_takes_nothing_is_told_by_the_name_of_the_result(tmp_path: Path) -> None:
    source = clips.write(tmp_path / "a.mp4", times=range(2))
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(UnwritableError, match=r"^cannot write [^\n]*file/b\.mp4: not a directory$"):
        a_run(source, tmp_path / "file" / "b.mp4")()
