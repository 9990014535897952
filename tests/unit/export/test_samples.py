"""Pictures for quantisation: drawn, read, written for other toolchains and read again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fake.networks import PACKED, SMALL
from fake.night import night
from relume import methods
from relume.data.drawn_nights import draw_night
from relume.errors import ContractError, NoDatasetError, UnreadableError
from relume.export.sample_files import read_samples, write_samples
from relume.export.samples import Sample, generate, prepare, read_folder, split


def put(path: Path, height: int, width: int) -> None:
    Image.fromarray(np.rint(night(height, width) * 255).astype(np.uint8)).save(path)


def test_drawn_nights_are_dark_varied_and_the_same_again() -> None:
    pictures = [draw_night(60, 90, seed=seed) for seed in range(8)]
    assert np.array_equal(pictures[3], draw_night(60, 90, seed=3))
    means = [float(picture.mean()) for picture in pictures]
    assert max(means) < 0.6
    assert min(means) < 0.2
    assert len({round(mean, 3) for mean in means}) == 8
    for picture in pictures:
        assert picture.shape == (60, 90, 3)
        assert picture.dtype == np.float32
        assert picture.min() >= 0
        assert picture.max() <= 1
        assert picture.std() > 0.005


def test_a_sample_is_what_the_graph_takes() -> None:
    picture = np.rint(night(400, 600) * 255).astype(np.uint8)
    assert prepare(picture, SMALL).shape == (3, 256, 256)
    assert prepare(picture, methods.card("sgz")).shape == (3, 33, 50)
    assert prepare(picture, replace(SMALL, reach=None, multiple_of=8)).shape == (3, 176, 256)
    mosaic = prepare(picture, PACKED)
    assert mosaic.shape == (1, 400, 512)
    assert mosaic.mean() < picture.mean() / 255  # in linear light
    with pytest.raises(ContractError, match="too small to calibrate by: at least 16"):
        prepare(picture[:9], replace(SMALL, multiple_of=16))


def test_every_fourth_sample_measures() -> None:
    samples = [Sample(f"{place:03d}-drawn", np.zeros((3, 1, 1), np.float32)) for place in range(8)]
    parts = split(samples)
    assert [each.name for each in parts.evaluation] == ["003-drawn", "007-drawn"]
    assert not set(parts.calibration) & set(parts.evaluation)
    assert split(samples[:3]).evaluation == split(samples[:3]).calibration == samples[:3]


def test_reads_a_folder_and_says_what_is_wrong(tmp_path: Path) -> None:
    with pytest.raises(NoDatasetError, match="no such folder"):
        read_folder(tmp_path / "absent", SMALL)
    with pytest.raises(NoDatasetError, match="there is no picture in it"):
        read_folder(tmp_path, SMALL)
    put(tmp_path / "a.png", 40, 70)
    put(tmp_path / "b.jpg", 300, 300)
    assert [each.image.shape for each in read_folder(tmp_path, SMALL)] == (
        [(3, 40, 70), (3, 256, 256)]
    )
    (tmp_path / "c.png").write_bytes(b"\x89PNG\r\n\x1a\nbroken")
    with pytest.raises(UnreadableError, match=r"c\.png"):
        read_folder(tmp_path, SMALL)


def test_files_for_other_toolchains_come_back(tmp_path: Path) -> None:
    samples = split(generate(5, PACKED))
    write_samples(samples, tmp_path / "npz", knobs={"amplification": 4.0})
    lines = (tmp_path / "npz" / "calibration.txt").read_text().split()
    assert lines == ["000-drawn.npz", "001-drawn.npz", "002-drawn.npz", "004-drawn.npz"]
    with np.load(tmp_path / "npz" / lines[0], allow_pickle=False) as arrays:
        assert arrays["image"].shape == (1, 400, 512)
        assert arrays["image"].dtype == np.float32
        assert arrays["amplification"] == 4
    again = read_samples(tmp_path / "npz", PACKED)
    for one, other in zip(
        (*samples.calibration, *samples.evaluation),
        (*again.calibration, *again.evaluation),
        strict=True,
    ):
        assert one.name == other.name
        assert np.array_equal(one.image, other.image)
    with pytest.raises(ContractError, match="is not empty"):
        write_samples(samples, tmp_path / "npz", knobs={})
    with pytest.raises(ContractError, match=r"expected \(3, H, W\) float32"):
        read_samples(tmp_path / "npz", SMALL)


@pytest.mark.parametrize("content", [b"", b"nothing", b"PK\x03\x04broken"])
def test_a_damaged_array_file_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "calibration.txt").write_text("a.npz\n")
    (tmp_path / "a.npz").write_bytes(content)
    with pytest.raises(UnreadableError, match=r"a\.npz: not an \.npz file"):
        read_samples(tmp_path, SMALL)


def test_values_out_of_range_are_refused(tmp_path: Path) -> None:
    (tmp_path / "calibration.txt").write_text("a.npz\n")
    np.savez(tmp_path / "a.npz", image=np.full((3, 4, 4), 255, np.float32))
    with pytest.raises(ContractError, match=r"values in \[0, 1\]"):
        read_samples(tmp_path, SMALL)
