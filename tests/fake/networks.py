"""Tiny networks with random parameters, for what is said of every network."""

from __future__ import annotations

from typing import ClassVar, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from relume.card import Card, Knob


class Lit(NamedTuple):
    """What `Small` returns."""

    enhanced: Tensor
    illumination: Tensor


class Small(nn.Module):
    """Two convolutions, a matrix product of channels, a power and a knob."""

    graph_knobs: ClassVar[tuple[str, ...]] = ("exponent",)

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(5)
        self.first = nn.Conv2d(3, 16, 3, padding=1)
        self.mix = nn.Linear(16, 16)
        self.last = nn.Conv2d(16, 3, 3, padding=1)

    def forward(self, image: Tensor, exponent: Tensor | float = 0.5) -> Lit:
        features = functional.relu(self.first(image))
        features = self.mix(features.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
        illumination = torch.sigmoid(self.last(features))
        return Lit(image.clamp(min=1e-4) ** exponent * illumination, illumination)


SMALL = Card(
    name="small",
    title="Small",
    summary="Brightens.",
    kind="neural",
    reach=2,
    knobs=(Knob("exponent", 0.5, low=0.2, high=1.0, meaning="smaller is brighter"),),
)


class Unpacked(NamedTuple):
    """What `Packed` returns."""

    enhanced: Tensor
    level: Tensor


class Packed(nn.Module):
    """A mosaic in, a picture out, worked on at half the size."""

    graph_knobs: ClassVar[tuple[str, ...]] = ("amplification",)

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(6)
        self.only = nn.Conv2d(4, 12, 1)

    def forward(self, image: Tensor, amplification: Tensor | float = 4.0) -> Unpacked:
        cells = functional.pixel_unshuffle(image * amplification, 2)
        picture = functional.pixel_shuffle(self.only(cells), 2)
        return Unpacked(torch.sigmoid(picture), image.mean(dim=(1, 2, 3), keepdim=True))


PACKED = Card(
    name="packed",
    title="Packed",
    summary="Develops.",
    kind="neural",
    reach=2,
    input="mosaic",
    multiple_of=2,
    knobs=(Knob("amplification", 4.0, low=0.0, high=8.0, meaning="factor"),),
)
