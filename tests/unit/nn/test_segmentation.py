"""The segmentation network: names, sizes, loading."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from relume.errors import WeightsError
from relume.nn.resnet import ResNet50
from relume.nn.segmentation import Segmentation


def test_resnet50_has_the_usual_names_and_size() -> None:
    state = ResNet50().state_dict()
    # 25,557,032 parameters with the classifier of 2048 · 1000 + 1000, which is left out.
    assert sum(value.numel() for value in ResNet50().parameters()) == 25_557_032 - 2_049_000
    usual = {
        "conv1.weight": (64, 3, 7, 7),
        "bn1.running_mean": (64,),
        "layer1.0.downsample.0.weight": (256, 64, 1, 1),
        "layer1.0.downsample.1.num_batches_tracked": (),
        "layer2.0.conv2.weight": (128, 128, 3, 3),
        "layer3.5.bn3.bias": (1024,),
        "layer4.2.conv3.weight": (2048, 512, 1, 1),
    }
    assert {name: tuple(state[name].shape) for name in usual} == usual
    assert len(state) == 318  # 320 in the published file, less fc.weight and fc.bias


@pytest.mark.parametrize("backbone", ["small", "resnet50"])
@pytest.mark.parametrize("size", [(64, 64), (33, 50)])
def test_scores_every_pixel(backbone: str, size: tuple[int, int]) -> None:
    network = Segmentation(backbone=backbone, classes=7).eval()  # pyright: ignore[reportArgumentType]
    with torch.no_grad():
        assert network(torch.rand(1, 3, *size)).shape == (1, 7, *size)


def test_loads_a_backbone_with_its_classifier(tmp_path: Path) -> None:
    torch.manual_seed(0)
    trained = ResNet50()
    state = {**trained.state_dict(), "fc.weight": torch.zeros(10, 2048), "fc.bias": torch.zeros(10)}
    torch.save(state, tmp_path / "imagenet.pth")
    network = Segmentation(weights=tmp_path / "imagenet.pth")
    assert torch.equal(
        network.encoder.state_dict()["layer4.2.bn3.weight"], trained.layer4[2].bn3.weight
    )
    assert torch.equal(network.encoder.conv1.weight, trained.conv1.weight)


def test_says_when_a_backbone_does_not_fit(tmp_path: Path) -> None:
    torch.save({"stranger": torch.zeros(1)}, tmp_path / "other.pth")
    with pytest.raises(WeightsError, match=r"other\.pth: does not hold the weights"):
        Segmentation(backbone="small", weights=tmp_path / "other.pth")
