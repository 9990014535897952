"""A packed network that begins with cosine waves shows the picture before it has learnt."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from fake.night import night
from relume.colour import encode_srgb
from relume.data.mosaicking import mosaicked
from relume.methods.llpacknet.network import Network


def likeness(light: np.ndarray, *, start: str, convolution: str) -> float:
    """Correlation of the enhanced picture with the true one."""
    torch.manual_seed(0)
    network = Network(start=start, convolution=convolution)
    with torch.no_grad():
        enhanced = network(torch.from_numpy(mosaicked(light))[None, None], 1.0).enhanced
    found = enhanced[0].permute(1, 2, 0).numpy()
    return float(np.corrcoef(found.ravel(), encode_srgb(light).ravel())[0, 1])


@pytest.mark.parametrize("convolution", ["weight_normalised", "plain"])
def test_the_picture_is_there_from_the_start(convolution: str) -> None:
    light = np.clip(3 * night(96, 128), 0, 1)
    assert likeness(light, start="cosines", convolution=convolution) > 0.9
    assert likeness(light, start="kaiming", convolution=convolution) < 0.5


def test_every_colour_arrives_as_itself() -> None:
    for channel in range(3):
        light = np.full((64, 64, 3), 0.1, np.float32)
        light[..., channel] = 0.6
        torch.manual_seed(0)
        with torch.no_grad():
            found = Network(start="cosines")(torch.from_numpy(mosaicked(light))[None, None], 1.0)
        assert found.enhanced.mean(dim=(0, 2, 3)).argmax() == channel
