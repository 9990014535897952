"""What a network sees is decided by the seed and the number of the draw."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
import torch
from PIL import Image

from relume.errors import UnreadableError
from relume.train.augment import cut, relit, rounded
from relume.train.data import Pictures
from relume.train.draws import Draws
from relume.train.pictures import list_pictures, read_picture
from relume.train.recipe import Data, Source


@pytest.fixture
def nights(tmp_path: Path) -> Path:
    random = np.random.default_rng(0)
    for index in range(3):
        pixels = random.integers(0, 80, (40 + index, 60, 3), np.uint8)
        folder = tmp_path / ("deep" if index else ".")
        folder.mkdir(exist_ok=True)
        Image.fromarray(pixels).save(folder / f"{index}.png")
    (tmp_path / "notes.txt").write_text("not a picture")
    return tmp_path


def test_lists_pictures_deeply_and_sorted(nights: Path) -> None:
    names = [str(path.relative_to(nights)) for path in list_pictures(nights)]
    assert names == ["0.png", "deep/1.png", "deep/2.png"]


def test_draws_repeat_with_the_seed_and_differ_otherwise(nights: Path) -> None:
    data = Data(sides=(8, 16), reduction=(1, 3), noise=0.02, flip=True, batch=2)
    one, again = (Pictures(nights, data=data, seed=5).train for _ in range(2))
    other = Pictures(nights, data=data, seed=6).train
    assert all(torch.equal(one[n]["low"], again[n]["low"]) for n in (0, 1, 2, 99))
    assert any(
        one[n]["low"].shape != other[n]["low"].shape
        or not torch.equal(one[n]["low"], other[n]["low"])
        for n in range(4)
    )
    for n in range(0, 20, 2):  # a batch needs one size
        assert one[n]["low"].shape == one[n + 1]["low"].shape


def test_epochs_number_on() -> None:
    draws = Draws(epoch_size=7, batch=3)
    assert list(draws) == [0, 1, 2, 3, 4, 5]
    draws.set_epoch(2)
    assert list(draws) == [12, 13, 14, 15, 16, 17]
    assert len(Draws(epoch_size=2, batch=8)) == 8


def test_whole_pictures_are_resized(nights: Path) -> None:
    low = Pictures(nights, data=Data(size=(24, 32)), seed=0).train[0]["low"]
    assert low.shape == (3, 24, 32)
    assert low.min() >= 0
    assert low.max() <= 1


@pytest.mark.parametrize("mode", ["bilinear", "area"])
def test_a_crop_serves_any_picture(mode: Literal["bilinear", "area"]) -> None:
    random = np.random.default_rng(0)
    data = Data(reduction=(0.5, 4), reduction_filter=mode, rotation=45, rotation_chance=0.5)
    for size in ((1, 1), (5, 300), (64, 64)):
        images = [torch.randint(0, 256, (3, *size), dtype=torch.uint8) for _ in range(2)]
        for _ in range(5):
            parts = cut([*images, images[0]], sides=(8, 12), data=data, random=random)
            assert [part.shape for part in parts] == [(3, 8, 12)] * 3
            assert torch.equal(parts[0], parts[2])  # one window for all
            assert all(0 <= part.min() <= part.max() <= 1 for part in parts)


def test_area_averages_what_bilinear_samples() -> None:
    random = np.random.default_rng(0)
    image = torch.zeros(3, 8, 8, dtype=torch.uint8)
    image[:, ::4, ::4] = 240
    seen = {
        mode: cut(
            [image],
            sides=(2, 2),
            data=Data(reduction=(4, 4), reduction_filter=mode),
            random=random,
        )[0]
        for mode in ("bilinear", "area")
    }
    assert torch.allclose(seen["area"], torch.tensor(240 / 255 / 16))
    assert not torch.allclose(seen["bilinear"], seen["area"])


def test_exposure_changes_linear_light() -> None:
    image = torch.full((3, 4, 4), 0.5)
    source = Source(exposure=(-1.0, -1.0))
    out = rounded(relit(image, source=source, data=Data(), random=np.random.default_rng(0)))
    # sRGB 0.5 is 0.2140 in linear light; half of it encodes to 0.3613.
    assert out.mean().item() == pytest.approx(0.3613, abs=1 / 255)
    assert torch.equal(out * 255, (out * 255).round())


def test_long_pictures_are_reduced_when_read(nights: Path) -> None:
    data = Data(size=(), longest_side=30, batch=1)
    pictures = Pictures(nights, data=data, seed=0)
    assert max(pictures.train[0]["low"].shape) == 30
    again = pickle.loads(pickle.dumps(pictures.shelf))  # as for a process that prepares pictures
    assert (again.longest_side, again.kept) == (30, {})
    whole = read_picture(nights / "0.png").float()
    small = read_picture(nights / "0.png", longest_side=30).float()
    assert small.mean().item() == pytest.approx(whole.mean().item(), abs=0.5)
    assert pictures.megabytes == pytest.approx(3 * 30 * 30 * 3e-6)


def test_gray_and_sixteen_bits(tmp_path: Path) -> None:
    ramp = np.linspace(0, 65535, 12 * 9).astype(np.uint16).reshape(9, 12)
    Image.fromarray(ramp).save(tmp_path / "gray16.png")
    pixels = read_picture(tmp_path / "gray16.png")
    assert pixels.shape == (3, 9, 12)
    assert pixels.dtype == torch.uint8
    assert pixels.min() == 0
    assert pixels.max() == 255
    assert torch.equal(pixels[0], pixels[2])


def test_says_what_is_wrong_with_a_folder(nights: Path, tmp_path: Path) -> None:
    with pytest.raises(UnreadableError, match="no such folder"):
        Pictures(tmp_path / "absent", data=Data(), seed=0)
    (tmp_path / "empty").mkdir()
    with pytest.raises(UnreadableError, match="holds no pictures"):
        Pictures(tmp_path / "empty", data=Data(), seed=0)
    with pytest.raises(UnreadableError, match="shares above 0"):
        Pictures(nights, data=Data(sources=(Source(share=0.0),)), seed=0)
    (nights / "0.png").write_bytes(b"hello")
    with pytest.raises(UnreadableError, match=r"0\.png"):
        Pictures(nights, data=Data(), seed=0)
