"""The convolutions of VGG-19, whose features compare pictures.

Simonyan and Zisserman, Very Deep Convolutional Networks, ICLR 2015, configuration E.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from relume.errors import WeightsError
from relume.nn.checkpoint import read_state

CHANNELS = (
    64,
    64,
    0,
    128,
    128,
    0,
    256,
    256,
    256,
    256,
    0,
    512,
    512,
    512,
    512,
    0,
    512,
    512,
    512,
    512,
    0,
)
"""Of each convolution; 0 is a pooling."""
MEAN = (0.485, 0.456, 0.406)
DEVIATION = (0.229, 0.224, 0.225)
"""Of ImageNet, as the published weights expect."""


class Vgg19(nn.Module):
    """Features after some layers, counted as the usual stack counts convolutions, activations and
    poolings, from 0."""

    mean: Tensor
    deviation: Tensor

    def __init__(self, *, weights: Path, after: Sequence[int]) -> None:
        super().__init__()
        self.after = tuple(after)
        self.features = nn.Sequential(*_layers()[: max(self.after) + 1])
        state = {
            name: value for name, value in read_state(weights).items() if name in self.state_dict()
        }
        try:
            self.load_state_dict(state)
        except RuntimeError as error:
            raise WeightsError(f"{weights}: does not hold the features of VGG-19") from error
        self.register_buffer("mean", torch.tensor(MEAN).view(1, 3, 1, 1))
        self.register_buffer("deviation", torch.tensor(DEVIATION).view(1, 3, 1, 1))

    def forward(self, image: Tensor) -> list[Tensor]:
        """(N, 3, H, W) in [0, 1] → the features, in the order of the stack."""
        features = (image - self.mean) / self.deviation
        found: list[Tensor] = []
        for index, layer in enumerate(self.features):
            features = layer(features)
            if index in self.after:
                found.append(features)
        return found


def _layers() -> list[nn.Module]:
    layers: list[nn.Module] = []
    before = 3
    for channels in CHANNELS:
        if channels:
            layers += [nn.Conv2d(before, channels, 3, padding=1), nn.ReLU()]
            before = channels
        else:
            layers.append(nn.MaxPool2d(2))
    return layers
