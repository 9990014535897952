"""The three small networks of PairLIE: project, then split into illumination and reflectance.

Fu et al., Learning a Simple Low-Light Image Enhancer From Paired Low-Light Instances, CVPR 2023,
section 3.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import ClassVar, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from relume.errors import ContractError

DARKEST = 1e-6
"""Smallest illumination a power or a quotient sees: below any that a sigmoid gives a real picture,
large enough that its reciprocal stays a number."""


DARK = -2.0
"""Sigmoid of it, 0.12, is about the mean of a dark picture, with which two of the chains begin."""


class Relit(NamedTuple):
    """What the network returns, (N, 3, H, W) but for the illumination, which has one channel."""

    enhanced: Tensor
    """Illumination ** exponent · reflectance, in [0, 1]."""
    illumination: Tensor
    """In (0, 1)."""
    reflectance: Tensor
    """In (0, 1)."""
    residual: Tensor
    """What the projection took away, mostly noise, in [−1, 1]."""


class Split(NamedTuple):
    """A picture in its parts: `projection` ≈ illumination · reflectance."""

    projection: Tensor
    illumination: Tensor
    reflectance: Tensor


class Chain(nn.Module):
    """Five 3×3 convolutions on reflected borders, ReLU between them, sigmoid at the end.

    Before training it gives about sigmoid(`level`) everywhere. Torch's own start, which the
    published code keeps, shrinks signals 36 times from end to end, and a short training
    with large steps may end in black. Ours keeps their size (He et al., ICCV 2015).
    """

    def __init__(self, out_channels: int, *, channels: int, level: float) -> None:
        super().__init__()
        widths = (3, channels, channels, channels, channels, out_channels)
        layers = [nn.Conv2d(before, after, 3) for before, after in pairwise(widths)]
        *inner, last = layers
        for convolution in inner:
            nn.init.kaiming_normal_(convolution.weight, nonlinearity="relu")
            _fill(convolution.bias, 0.0)
        nn.init.xavier_normal_(last.weight)
        _fill(last.bias, level)
        self.convolutions = nn.ModuleList(layers)

    def forward(self, features: Tensor) -> Tensor:
        *inner, last = self.convolutions
        for convolution in inner:
            features = functional.relu(convolution(_reflect(features)))
        return torch.sigmoid(last(_reflect(features)))


class RetinexNetwork(nn.Module):
    """Clean a picture, split it by Retinex, and put it together under more light."""

    graph_knobs: ClassVar[tuple[str, ...]] = ("exponent",)

    def __init__(self, *, channels: int = 64) -> None:
        super().__init__()
        if channels < 1:
            raise ContractError(f"recipe.network.channels: expected at least 1, got {channels}")
        self.project = Chain(3, channels=channels, level=DARK)
        self.illuminate = Chain(1, channels=channels, level=DARK)
        self.reflect = Chain(3, channels=channels, level=0.0)

    def split(self, image: Tensor) -> Split:
        """Return the projection of a picture and its parts; sides of at least 2."""
        projection = self.project(image)
        return Split(projection, self.illuminate(projection), self.reflect(projection))

    def forward(self, image: Tensor, exponent: Tensor | float = 0.2) -> Relit:
        """Enhance a picture; a smaller `exponent` is brighter.

        y = L^λ · R, (N, 3, H, W) in [0, 1], any H, W ≥ 1 → the same size.
        """
        height, width = image.shape[-2:]
        widened = _widen(image)
        projection, illumination, reflectance = self.split(widened)
        enhanced = illumination.clamp(min=DARKEST) ** exponent * reflectance
        maps = (enhanced, illumination, reflectance, widened - projection)
        return Relit(*(part[..., :height, :width] for part in maps))


def _fill(bias: Tensor | None, value: float) -> None:
    if bias is not None:
        nn.init.constant_(bias, value)


def _reflect(features: Tensor) -> Tensor:
    return functional.pad(features, (1, 1, 1, 1), mode="reflect")


def _widen(image: Tensor) -> Tensor:
    """Repeat the only row or column of a line: a border can be reflected from two on.

    1 // side is 1 for a side of one pixel and else 0, and stays an operation in an exported graph,
    where a branch or a maximum would be settled once for all sizes.
    """
    height, width = image.shape[-2:]
    return functional.pad(image, (0, 1 // width, 0, 1 // height), mode="replicate")


Network = RetinexNetwork
"""The name by which training, import and export find a method's network."""


def from_state(state: dict[str, Tensor]) -> RetinexNetwork:
    """Build the network that a set of parameters belongs to, ours or as published.

    Published parameters are called `N_net.N_net.1.weight` and so on: N projects, L illuminates, R
    reflects, and the number counts paddings, convolutions and activations.
    Raises: RuntimeError from torch where names or shapes do not fit.
    """
    parts = {"N": "project", "L": "illuminate", "R": "reflect"}

    def ours(name: str) -> str:
        found = re.fullmatch(r"([NLR])_net\.\1_net\.(\d+)\.(weight|bias)", name)
        if found is None:
            return name
        part, number, kind = found.groups()
        return f"{parts[part]}.convolutions.{(int(number) - 1) // 3}.{kind}"

    renamed = {ours(name): value for name, value in state.items()}
    first = renamed.get("project.convolutions.0.bias")
    network = RetinexNetwork(channels=64 if first is None else len(first))
    network.load_state_dict(renamed)
    return network
