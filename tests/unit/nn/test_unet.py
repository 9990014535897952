"""The U-Net sees far, at every shape it can be built in."""

from __future__ import annotations

import pytest
import torch

from relume.nn.unet import Sampling, UNet


def _build(*, levels: int, sampling: Sampling = "trainable", dropout: float = 0.0) -> UNet:
    torch.manual_seed(0)
    return UNet(
        2,
        1,
        channels=4,
        levels=levels,
        dropout=dropout,
        downsampling=sampling,
        upsampling=sampling,
    )


@pytest.mark.parametrize("levels", [1, 2, 4])
@pytest.mark.parametrize("sampling", ["trainable", "fixed"])
def test_keeps_sides_that_are_multiples(levels: int, sampling: Sampling) -> None:
    network = _build(levels=levels, sampling=sampling)
    side = network.multiple_of
    assert side == 2 ** (levels - 1)
    for height, width in ((side, side), (side, 5 * side)):
        assert network(torch.rand(1, 2, height, width)).shape == (1, 1, height, width)


def test_fixed_sampling_has_fewer_parameters() -> None:
    counts = [
        sum(value.numel() for value in _build(levels=3, sampling=sampling).parameters())
        for sampling in ("fixed", "trainable")
    ]
    assert counts[0] < counts[1]


def test_a_corner_is_felt_in_the_other_corner() -> None:
    network = _build(levels=2).eval()
    planes = torch.rand(1, 2, 64, 64)
    poked = planes.clone()
    poked[..., 0, 0] += 10
    with torch.no_grad():
        assert network(planes)[..., -1, -1] != network(poked)[..., -1, -1]


def test_dropout_acts_in_training_alone() -> None:
    network = _build(levels=2, dropout=0.5)
    planes = torch.rand(1, 2, 16, 16)
    assert not torch.equal(network(planes), network(planes))
    network.eval()
    assert torch.equal(network(planes), network(planes))
