"""A fixed set of nights: made, written, read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import relume
from fake.night import night
from relume import cli
from relume.bench import nights
from relume.data import night_mosaics
from relume.errors import NoDatasetError
from relume.levels import to_rgb


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    for index in range(5):
        light = np.clip(3 * night(25, 34, seed=index), 0, 1)
        relume.write(relume.Photo(np.rint(light * 255).astype(np.uint8)), folder / f"{index}.png")
    return folder


def test_the_command_makes_a_set_that_can_be_read(
    pictures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["nights", str(pictures), "--count", "3", "-o"]
    assert cli.main([*arguments, str(tmp_path / "one")]) == 0
    assert cli.main([*arguments, str(tmp_path / "two")]) == 0
    assert "3 nights" in capsys.readouterr().out
    sets = [list(nights.load(tmp_path / name)) for name in ("one", "two")]
    assert [each.name for each in sets[0]] == ["0", "2", "4"]
    for one, other in zip(*sets, strict=True):
        assert np.array_equal(one.mosaic.samples, other.mosaic.samples)
        assert one.mosaic.samples.shape == one.truth.shape[:2] == (24, 34)
        assert one.mosaic.samples.mean() < 0.5 * one.mosaic.white
        assert one.amplification > 1
    # What is read from the files is what was made.
    made = night_mosaics.make(
        [pictures / f"{night.name}.png" for night in sets[0]],
        read=lambda path: to_rgb(relume.read(path).pixels),
    )
    for one, other in zip(sets[0], made, strict=True):
        assert np.array_equal(one.mosaic.samples, other.mosaic.samples)
        assert one.mosaic.black == pytest.approx(other.mosaic.black)
        # A DNG holds numbers in ten-thousandths, and a PNG 8 bits.
        assert one.mosaic.white_balance == pytest.approx(other.mosaic.white_balance, rel=1e-3)
        assert np.abs(one.mosaic.matrix - other.mosaic.matrix).max() < 5e-3
        assert np.abs(one.truth - other.truth).max() < 0.003


def test_a_night_depends_on_its_picture_alone(pictures: Path) -> None:
    def read(path: Path) -> np.ndarray:
        return to_rgb(relume.read(path).pixels)

    paths = sorted(pictures.iterdir())
    alone = next(night_mosaics.make(paths[2:3], read=read))
    among = list(night_mosaics.make(paths, read=read))[2]
    assert np.array_equal(alone.mosaic.samples, among.mosaic.samples)
    again = next(night_mosaics.make(paths[2:3], read=read, seed=1))
    assert not np.array_equal(again.mosaic.samples, among.mosaic.samples)


def test_bad_requests_are_one_line_each(
    pictures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["nights", str(pictures), "-o", str(tmp_path / "n"), "--count", "9"]) == 2
    assert cli.main(["nights", str(pictures), "-o", str(pictures), "--count", "2"]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert lines == [
        "relume: 9 nights need as many pictures, there are 5",
        f"relume: {pictures}: holds something already; name a new folder",
    ]
    assert not (tmp_path / "n").exists()


def test_a_folder_without_nights_is_named(tmp_path: Path) -> None:
    with pytest.raises(NoDatasetError, match=r"nights\.json"):
        list(nights.load(tmp_path))
