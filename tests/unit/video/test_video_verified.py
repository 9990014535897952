"""`runs verify` tells videos that were cut off from those that somebody has edited."""

from __future__ import annotations

from pathlib import Path

import clips
import pytest

from relume.cli import main


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_a_video_that_was_cut_off_is_damaged_and_another_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], suffix: str
) -> None:
    monkeypatch.chdir(tmp_path)
    name = f"clip{suffix}"
    for folder, seed in (("d", 1), ("other", 2)):
        Path(folder).mkdir()
        clips.write(Path(folder, name), clips.noisy(clips.scene(seed=seed)), times=range(40))
    assert main(["enhance", "d", "-o", "out", "-m", "gamma", "-q"]) == 0
    whole = Path("out", name).read_bytes()

    def found() -> str:
        capfd.readouterr()
        main(["runs", "verify", "out"])
        return capfd.readouterr().out.splitlines()[-1]

    assert found() == "1 whole"
    Path("out", name).write_bytes(whole[: len(whole) * 2 // 3])
    assert found() == "1 damaged"
    Path("other", name).replace(Path("out", name))
    assert found() == "1 changed since"
