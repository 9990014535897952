"""What a network sees is decided by the seed and the number of the draw."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from relume.errors import UnreadableError
from relume.train.augment import crop_reduced, vary
from relume.train.data import Draws, LowPictures, Pairs, Pictures
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
    one, again = (LowPictures(nights, data=data, seed=5) for _ in range(2))
    other = LowPictures(nights, data=data, seed=6)
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
    low = LowPictures(nights, data=Data(size=(24, 32)), seed=0)[0]["low"]
    assert low.shape == (3, 24, 32)
    assert low.min() >= 0
    assert low.max() <= 1


def test_a_crop_serves_any_picture() -> None:
    random = np.random.default_rng(0)
    for size in ((1, 1), (5, 300), (64, 64)):
        image = torch.rand(3, *size)
        assert crop_reduced(image, (8, 12), reduction=4, random=random).shape == (3, 8, 12)


def test_exposure_changes_linear_light() -> None:
    image = torch.full((3, 4, 4), 0.5)
    source = Source(exposure=(-1.0, -1.0))
    out = vary(image, source=source, data=Data(), random=np.random.default_rng(0))
    # sRGB 0.5 is 0.2140 in linear light; half of it encodes to 0.3613.
    assert out.mean().item() == pytest.approx(0.3613, abs=1 / 255)
    assert torch.equal(out * 255, (out * 255).round())


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


def test_pairs_need_their_counterparts(tmp_path: Path) -> None:
    for side, size in (("low", (8, 6)), ("high", (8, 7))):
        (tmp_path / side).mkdir()
        Image.new("RGB", size).save(tmp_path / side / "1.png")
    with pytest.raises(UnreadableError, match="its counterpart has"):
        Pairs(tmp_path)[0]
    (tmp_path / "high" / "1.png").unlink()
    with pytest.raises(UnreadableError, match="has no counterpart"):
        Pairs(tmp_path)
