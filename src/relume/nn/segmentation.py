"""A segmentation network: an encoder and a head over its feature pyramid.

Lin et al., Feature Pyramid Networks, CVPR 2017; the head that merges all levels at 1/4 follows
Kirillov et al., Panoptic Feature Pyramid Networks, CVPR 2019, section 3.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal, TypeAlias

import torch
from torch import Tensor, nn
from torch.nn import functional

from relume.errors import WeightsError
from relume.nn.checkpoint import read_state
from relume.nn.resnet import Pyramid, ResNet50, SmallEncoder

Backbone: TypeAlias = Literal["resnet50", "small"]

# Mean and standard deviation of ImageNet, which every published ResNet-50 expects.
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


class PyramidHead(nn.Module):
    """Bring four levels to one width, add them from coarse to fine, and score classes at 1/4."""

    def __init__(self, widths: tuple[int, ...], *, classes: int, channels: int = 64) -> None:
        super().__init__()
        self.lateral = nn.ModuleList(nn.Conv2d(width, channels, 1) for width in widths)
        self.smooth = nn.ModuleList(nn.Conv2d(channels, channels, 3, padding=1) for _ in widths)
        self.score = nn.Conv2d(channels, classes, 1)

    def forward(self, pyramid: Pyramid) -> Tensor:
        size = pyramid.quarter.shape[-2:]
        levels = [lateral(level) for lateral, level in zip(self.lateral, pyramid, strict=True)]
        for fine in range(len(levels) - 2, -1, -1):
            levels[fine] = levels[fine] + _enlarge(levels[fine + 1], levels[fine].shape[-2:])
        smoothed = [smooth(level) for smooth, level in zip(self.smooth, levels, strict=True)]
        merged = torch.stack([_enlarge(level, size) for level in smoothed]).sum(dim=0)
        return self.score(functional.relu(merged))


class Segmentation(nn.Module):
    """Score every pixel for every class; (N, 3, H, W) in [0, 1] → (N, classes, H, W)."""

    mean: Tensor
    std: Tensor

    def __init__(
        self, *, backbone: Backbone = "resnet50", classes: int = 21, weights: Path | None = None
    ) -> None:
        super().__init__()
        self.encoder = ResNet50() if backbone == "resnet50" else SmallEncoder()
        self.head = PyramidHead(self.encoder.widths, classes=classes)
        self.register_buffer("mean", torch.tensor(IMAGENET_MEAN).view(3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(IMAGENET_STD).view(3, 1, 1), persistent=False)
        if weights is not None:
            self._load_encoder(weights)

    def _load_encoder(self, path: Path) -> None:
        state = {
            name: value for name, value in read_state(path).items() if not name.startswith("fc.")
        }
        try:
            self.encoder.load_state_dict(state)
        except RuntimeError as error:
            raise WeightsError(
                f"{path}: does not hold the weights of this backbone; "
                f"{' '.join(str(error).split())[:200]}"
            ) from error

    def forward(self, image: Tensor) -> Tensor:
        scores = self.head(self.encoder((image - self.mean) / self.std))
        return _enlarge(scores, image.shape[-2:])


def _enlarge(maps: Tensor, size: tuple[int, ...] | torch.Size) -> Tensor:
    return functional.interpolate(maps, tuple(size), mode="bilinear", align_corners=False)
