"""What each view gives an objective."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from fake.training import brackets, nights, normals, pairs
from relume.errors import ContractError, UnreadableError
from relume.losses.objective import Batch, View
from relume.train.data import Pictures
from relume.train.draws import collate
from relume.train.recipe import Darkened, Data, Source

SMALL: dict[str, Any] = {"size": (), "sides": (16, 24), "reduction": (1, 1.5), "batch": 2}


def _first(pictures: Pictures) -> Batch:
    return next(iter(pictures.train_dataloader()))


def _sound(batch: Batch) -> None:
    for image in batch.values():
        assert image.dtype == torch.float32
        assert 0 <= image.min() <= image.max() <= 1


def _levels(image: Tensor) -> bool:
    return bool(torch.allclose(image * 255, (image * 255).round(), atol=1e-4))


@pytest.mark.parametrize("role", ["low", "normal"])
def test_one_picture(tmp_path: Path, role: View) -> None:
    data = Data(**SMALL, flip=True, noise=0.02)
    batch = _first(Pictures(nights(tmp_path), data=data, seed=0, needs=role))
    assert batch.keys() == {role}
    assert batch[role].shape[:2] == (2, 3)
    assert _levels(batch[role])
    _sound(batch)


def test_pairs_are_cut_alike(tmp_path: Path) -> None:
    pairs(tmp_path)
    for path in (tmp_path / "low").iterdir():  # now both sides are the same picture
        path.write_bytes((tmp_path / "high" / path.name).read_bytes())
    data = Data(**SMALL, flip=True, rotation=20)
    pictures = Pictures(tmp_path, data=data, seed=0, needs="low_high")
    for number in range(8):
        batch = pictures.train[number]
        assert torch.equal(batch["low"], batch["high"])
    _sound(_first(pictures))


def test_noise_and_exposure_vary_the_low_picture_alone(tmp_path: Path) -> None:
    source = Source(exposure=(-2, -2))
    plain, varied = (
        Pictures(pairs(tmp_path), data=data, seed=0, needs="low_high").train[0]
        for data in (Data(**SMALL), Data(**SMALL, sources=(source,)))
    )
    assert torch.equal(plain["high"], varied["high"])
    assert varied["low"].mean() < 0.7 * plain["low"].mean()


def test_normal_pictures_are_darkened_on_the_fly(tmp_path: Path) -> None:
    darkening = Darkened(name="physical", options={"stops": [3, 4]}, identity=0.3)
    data = Data(**SMALL, darkening=darkening, holdout=0.3, validation_side=20)
    pictures = Pictures(normals(tmp_path, 6), data=data, seed=0, needs="low_high")
    drawn = [pictures.train[number] for number in range(24)]
    same = [torch.equal(batch["low"], batch["high"]) for batch in drawn]
    assert 0 < sum(same) < 16
    for batch, alike in zip(drawn, same, strict=True):
        _sound(batch)
        assert alike or batch["low"].mean() < 0.6 * batch["high"].mean()
    again = Pictures(tmp_path, data=data, seed=0, needs="low_high")
    assert torch.equal(again.train[5]["low"], drawn[5]["low"])
    # What validates is the same in every epoch and every run, and limited in size.
    one, other = ([batch["low"] for batch in part.val_dataloader()] for part in (pictures, again))
    assert all(torch.equal(*both) for both in zip(one, other, strict=True))
    assert max(one[0].shape) == 20
    assert pictures.has_references


def test_several_sources_are_drawn_by_share(tmp_path: Path) -> None:
    pairs(tmp_path / "pairs")
    normals(tmp_path / "normal")
    sources = (
        Source(folder="pairs", share=0.0),
        Source(folder="normal", share=1.0, exclude=("0", "1")),
    )
    data = Data(**SMALL, sources=sources, darkening=Darkened(name="curve"))
    pictures = Pictures(tmp_path, data=data, seed=0, needs="low_high")
    assert len(pictures.train) == 4
    assert list(pictures.shelf.kept) == [tmp_path / "pairs/low/0.png", tmp_path / "normal/2.png"]
    for number in range(6):
        pictures.train[number]
    assert len(pictures.shelf.kept) == 2


def test_two_different_exposures(tmp_path: Path) -> None:
    data = Data(**SMALL, holdout=0.4)
    pictures = Pictures(brackets(tmp_path), data=data, seed=0, needs="two_exposures")
    seen: set[bool] = set()
    for number in range(12):
        batch = pictures.train[number]
        _sound(batch)
        assert not torch.equal(batch["first"], batch["second"])
        seen.add(bool(batch["first"].mean() > batch["second"].mean()))
    assert seen == {True, False}
    assert not pictures.has_references
    one, other = ([b["first"] for b in pictures.val_dataloader()] for _ in range(2))
    assert all(torch.equal(*both) for both in zip(one, other, strict=True))


def test_mosaics(tmp_path: Path) -> None:
    data = Data(**SMALL, holdout=0.3)
    pictures = Pictures(normals(tmp_path), data=data, seed=0, needs="mosaic_srgb")
    for batch in (_first(pictures), next(iter(pictures.val_dataloader()))):
        count, channels, height, width = batch["srgb"].shape
        assert channels == 3
        assert batch["mosaic"].shape == (count, 1, height, width)
        assert batch["ratio"].shape == (count,)
        assert (batch["ratio"] >= 1).all()
        _sound({role: batch[role] for role in ("mosaic", "srgb")})


def test_says_what_is_missing(tmp_path: Path) -> None:
    normals(tmp_path / "normal")
    with pytest.raises(ContractError, match=r"no folders low and high.*curve, physical"):
        Pictures(tmp_path / "normal", data=Data(), seed=0, needs="low_high")
    with pytest.raises(ContractError, match=r"data\.validation: the method reads mosaics"):
        Pictures(tmp_path / "normal", data=Data(validation="v"), seed=0, needs="mosaic_srgb")
    with pytest.raises(UnreadableError, match=r"no scene is called 'absent'"):
        Pictures(tmp_path / "normal", data=Data(held_out=("absent",)), seed=0)
    for stage in ("test", "predict"):
        with pytest.raises(ContractError, match=f"stage {stage} needs"):
            Pictures(tmp_path / "normal", data=Data(), seed=0, stages=(stage,))


def test_a_batch_needs_one_size(tmp_path: Path) -> None:
    pictures = Pictures(nights(tmp_path), data=Data(size=(), batch=2), seed=0)
    with pytest.raises(ContractError, match=r"several sizes \(.*×56.*\); set data\.size"):
        collate([{"low": torch.zeros(3, 4, 56)}, {"low": torch.zeros(3, 5, 56)}])
    with pytest.raises(ContractError, match="several sizes"):
        list(pictures.train_dataloader())


def test_progress_reaches_the_darkening(tmp_path: Path) -> None:
    end = {"low": 0.29, "high": 0.3, "uniform": True}
    darkening = Darkened(name="curve", options={"alpha_end": end, "alpha": {**end, "low": 0.0}})
    data = Data(**SMALL, darkening=darkening)
    pictures = Pictures(normals(tmp_path), data=data, seed=0, needs="low_high")
    pictures.train.progress.draws = 1000
    assert pictures.train.progress.at(250) == 0.25
    assert pictures.train.progress.at(9999) == 1
    pictures.train.progress.draws = 0
    pictures.train.progress.now.fill_(0.5)
    assert pictures.train.progress.at(3) == 0.5
