"""ResNet-50 as an encoder, with parameter names under which ImageNet weights usually travel.

He et al., Deep Residual Learning for Image Recognition, CVPR 2016, table 1; the stride stands in
the 3×3 convolution of a bottleneck, where the published PyTorch weights have it.
"""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor, nn

EXPANSION = 4


class Pyramid(NamedTuple):
    """Features at 1/4, 1/8, 1/16 and 1/32 of the picture's size."""

    quarter: Tensor
    eighth: Tensor
    sixteenth: Tensor
    thirtysecond: Tensor


class Bottleneck(nn.Module):
    """1×1, 3×3 and 1×1 convolutions around a shortcut."""

    def __init__(self, before: int, inside: int, *, stride: int = 1) -> None:
        super().__init__()
        after = inside * EXPANSION
        self.conv1 = nn.Conv2d(before, inside, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(inside)
        self.conv2 = nn.Conv2d(inside, inside, 3, stride=stride, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(inside)
        self.conv3 = nn.Conv2d(inside, after, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(after)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = (
            nn.Sequential(
                nn.Conv2d(before, after, 1, stride=stride, bias=False), nn.BatchNorm2d(after)
            )
            if stride > 1 or before != after
            else nn.Identity()
        )

    def forward(self, features: Tensor) -> Tensor:
        inner = self.relu(self.bn1(self.conv1(features)))
        inner = self.relu(self.bn2(self.conv2(inner)))
        return self.relu(self.bn3(self.conv3(inner)) + self.downsample(features))


class ResNet50(nn.Module):
    """Fifty layers, four levels of features; the classifier is left out."""

    widths = (256, 512, 1024, 2048)

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=1)
        self.layer1 = _stage(64, 64, blocks=3, stride=1)
        self.layer2 = _stage(256, 128, blocks=4, stride=2)
        self.layer3 = _stage(512, 256, blocks=6, stride=2)
        self.layer4 = _stage(1024, 512, blocks=3, stride=2)

    def forward(self, image: Tensor) -> Pyramid:
        """(N, 3, H, W), normalised as ImageNet → four levels."""
        quarter = self.layer1(self.maxpool(self.relu(self.bn1(self.conv1(image)))))
        eighth = self.layer2(quarter)
        sixteenth = self.layer3(eighth)
        return Pyramid(quarter, eighth, sixteenth, self.layer4(sixteenth))


class SmallEncoder(nn.Module):
    """Four strided convolutions, 98 thousand parameters: for those without ImageNet weights."""

    widths = (16, 32, 64, 128)

    def __init__(self) -> None:
        super().__init__()
        self.stages = nn.ModuleList(
            nn.Sequential(
                nn.Conv2d(before, after, 3, stride=stride, padding=1, bias=False),
                nn.BatchNorm2d(after),
                nn.ReLU(inplace=True),
            )
            for before, after, stride in ((3, 16, 4), (16, 32, 2), (32, 64, 2), (64, 128, 2))
        )

    def forward(self, image: Tensor) -> Pyramid:
        """(N, 3, H, W) → four levels."""
        levels: list[Tensor] = []
        for stage in self.stages:
            image = stage(image)
            levels.append(image)
        return Pyramid(*levels)


def _stage(before: int, inside: int, *, blocks: int, stride: int) -> nn.Sequential:
    first = Bottleneck(before, inside, stride=stride)
    rest = (Bottleneck(inside * EXPANSION, inside) for _ in range(blocks - 1))
    return nn.Sequential(first, *rest)
