"""Training pairs of SID, on a made-up copy."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from fake.night import night
from relume.colour import encode_srgb
from relume.data.mosaicking import SITES, mosaicked
from relume.io.raw import dng
from relume.photo import Mosaic
from relume.train import raw_pairs
from relume.train.data import Pictures
from relume.train.recipe import Data

GAINS = (2.0, 1.0, 1.5)
RATIO = 100


def camera_raw(light: np.ndarray) -> bytes:
    counts = np.rint(mosaicked((light / GAINS).astype(np.float32)) * 15871 + 512)
    return dng.of_mosaic(Mosaic(counts.astype(np.uint16), "RGGB", (512,) * 4, 16383, GAINS))


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for part in ("short", "long"):
        (tmp_path / "Sony" / part).mkdir(parents=True)
    light = np.empty((96, 128, 3), np.float32)
    light[..., 0] = np.linspace(0.1, 0.9, 128)
    light[..., 1] = 0.4
    light[..., 2] = np.linspace(0.8, 0.2, 96)[:, None]
    for name in ("00001_00_0.1s", "00002_00_0.1s", "10003_00_0.1s"):
        (tmp_path / "Sony" / "short" / f"{name}.dng").write_bytes(camera_raw(light / RATIO))
        (tmp_path / "Sony" / "long" / f"{name[:5]}_00_10s.dng").write_bytes(camera_raw(light))
    return tmp_path


def test_only_the_training_split_teaches(copy: Path) -> None:
    found = raw_pairs.scenes(copy)
    assert sorted(scene.paths[0].name[:5] for scene in found) == ["00001", "00002"]
    assert raw_pairs.scenes(copy / "Sony" / "short") == ()


@pytest.mark.parametrize("flip", [False, True])
def test_patches_fit_what_they_should_become(copy: Path, flip: bool) -> None:
    scene = raw_pairs.scenes(copy)[0]
    mirrored: set[bool] = set()
    for seed in range(12):
        random = np.random.default_rng(seed)
        batch = raw_pairs.draw(scene, sides=(32, 48), flip=flip, random=random)
        assert batch["mosaic"].shape == (1, 32, 48)
        assert batch["srgb"].shape == (3, 32, 48)
        assert batch["ratio"] == RATIO
        encoded = torch.from_numpy(encode_srgb(RATIO * batch["mosaic"][0].numpy()))
        for row, column, channel in SITES:
            there = encoded[row::2, column::2]
            # A count of the short exposure is a hundredth of what it stands for.
            difference = (there - batch["srgb"][channel, row::2, column::2])[1:-1, 1:-1]
            assert difference.abs().mean() < 0.02
        red = batch["srgb"][0].mean(dim=0)
        mirrored.add(bool(red[0] > red[-1]))
    assert mirrored == ({False, True} if flip else {False})


def test_files_are_developed_once(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scene = raw_pairs.scenes(copy)[0]
    first = raw_pairs.middle(scene)
    monkeypatch.setattr(raw_pairs, "_developed", None)
    again = raw_pairs.middle(scene)
    assert all(torch.equal(first[role], again[role]) for role in first)
    assert first["mosaic"].shape == (1, 96, 128)


def test_the_view_takes_sid_as_it_takes_pictures(copy: Path) -> None:
    data = Data(sides=(32,), size=(), batch=2, epoch=2)
    pictures = Pictures(copy, data=data, seed=0, needs="mosaic_srgb")
    batch = pictures.train[0]
    assert batch["mosaic"].shape == (1, 32, 32)
    assert batch["ratio"] == RATIO


def test_night_pictures_are_no_sid(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", night(8, 8))
    assert raw_pairs.scenes(tmp_path) == ()
