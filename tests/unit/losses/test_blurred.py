"""Blurred and perceptual errors."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from relume.errors import WeightsError
from relume.losses.blurred import blurred_squared_error
from relume.losses.perceptual import LAYERS, FeatureDistance
from relume.nn.vgg import CHANNELS


def test_a_constant_difference_stays_and_a_checkerboard_goes() -> None:
    picture = torch.rand(2, 3, 12, 14)
    rows, columns = torch.meshgrid(torch.arange(12), torch.arange(14), indexing="ij")
    board = 0.2 * (1 - 2 * ((rows + columns) % 2))
    assert blurred_squared_error(picture, picture) == 0
    assert blurred_squared_error(picture + 0.1, picture).item() == pytest.approx(0.01, rel=1e-5)
    # Only the repeated border sees it.
    assert blurred_squared_error(picture + board, picture) < 0.1 * 0.2**2


@pytest.fixture
def vgg(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    state: dict[str, torch.Tensor] = {}
    before, index = 3, 0
    for channels in CHANNELS:
        if not channels:
            index += 1
            continue
        layer = nn.Conv2d(before, channels, 3)
        state |= {f"features.{index}.{name}": value for name, value in layer.state_dict().items()}
        before, index = channels, index + 2
        if index > max(LAYERS):
            break
    path = tmp_path / "vgg19.safetensors"
    save_file(state, path)
    return path


def test_features_tell_pictures_apart_and_stay_frozen(vgg: Path) -> None:
    distance = FeatureDistance(weights=vgg)
    picture = torch.rand(1, 3, 32, 40, requires_grad=True)
    target = torch.rand(1, 3, 32, 40)
    assert distance(target, target) == 0
    found = distance(picture, target)
    found.backward()
    assert found > 0
    assert picture.grad is not None
    assert all(value.grad is None for value in distance.parameters())


def test_other_weights_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.safetensors"
    save_file({"features.0.weight": torch.zeros(1)}, path)
    with pytest.raises(WeightsError, match="VGG-19"):
        FeatureDistance(weights=path)
