"""Learned perceptual distance as a term: the features of a published network, differentiable.

Zhang, Isola, Efros, Shechtman, Wang, CVPR 2018, eq. 1, arXiv 1801.03924, version 0.1. No weights
are shipped; which layers are tapped stands in `TAPS`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TypeAlias

import torch
from torch import Tensor, nn
from torch.nn import functional

from relume.errors import ContractError, WeightsError
from relume.metrics.lpips import LEAST, Network
from relume.nn.checkpoint import State, read_state

SHIFT = (-0.030, -0.088, -0.188)
SCALE = (0.458, 0.448, 0.450)
"""Mean and deviation of the pictures the backbones learned from, for samples in [−1, 1]."""
EPSILON = 1e-10
"""Added to squared norms: the root has no slope at 0."""

Layer: TypeAlias = tuple[int, int, int, int]
"""Number in the backbone, stride, padding, and the window of the pooling before it (0: none)."""

LAYERS: dict[Network, tuple[Layer, ...]] = {
    "alex": ((0, 4, 2, 0), (3, 1, 2, 3), (6, 1, 1, 3), (8, 1, 1, 0), (10, 1, 1, 0)),
    "vgg": (
        *((0, 1, 1, 0), (2, 1, 1, 0), (5, 1, 1, 2), (7, 1, 1, 0)),
        *((10, 1, 1, 2), (12, 1, 1, 0), (14, 1, 1, 0)),
        *((17, 1, 1, 2), (19, 1, 1, 0), (21, 1, 1, 0)),
        *((24, 1, 1, 2), (26, 1, 1, 0), (28, 1, 1, 0)),
    ),
    "squeeze": (
        *((0, 2, 0, 0), (3, 1, 0, 3), (4, 1, 0, 0), (6, 1, 0, 3), (7, 1, 0, 0)),
        *((9, 1, 0, 3), (10, 1, 0, 0), (11, 1, 0, 0), (12, 1, 0, 0)),
    ),
}
TAPS: dict[Network, tuple[int, ...]] = {
    "alex": (0, 3, 6, 8, 10),
    "vgg": (2, 7, 14, 21, 28),
    "squeeze": (0, 4, 7, 9, 10, 11, 12),
}


class Lpips(nn.Module):
    """Compare pictures (N, 3, H, W) in [−1, 1], 32 pixels a side at least → mean distance ≥ 0."""

    def __init__(self, network: Network, *, backbone: Path, heads: Path) -> None:
        super().__init__()
        self.network: Network = network
        found = read_state(backbone)
        stem = {name.removeprefix("features."): value for name, value in found.items()}
        self._stem: State = {}
        for number, *_ in LAYERS[network]:
            parts = {name: value for name, value in stem.items() if name.startswith(f"{number}.")}
            if not parts:
                raise WeightsError(f"{backbone}: not a backbone of lpips-{network}")
            self._stem |= parts
        weights = read_state(heads)
        names = [f"lin{index}.model.1.weight" for index in range(len(TAPS[network]))]
        if any(name not in weights for name in names):
            raise WeightsError(f"{heads}: not the linear layers of lpips-{network}")
        self._heads = [weights[name].view(-1, 1, 1) for name in names]

    def forward(self, enhanced: Tensor, high: Tensor) -> Tensor:
        """Raises: ContractError for pictures that the last layers see nothing of."""
        size = min(enhanced.shape[-2:])
        if size < LEAST:
            raise ContractError(
                f"LPIPS needs sides of {LEAST} pixels, got {size}; set objective.perceptual=0"
            )
        both = zip(self._features(enhanced), self._features(high), self._heads, strict=True)
        distances = [
            ((_unit(one) - _unit(other)).square() * head.to(one)).sum(dim=1).mean()
            for one, other, head in both
        ]
        return torch.stack(distances).sum()

    def _features(self, image: Tensor) -> list[Tensor]:
        shift, scale = (image.new_tensor(values).view(3, 1, 1) for values in (SHIFT, SCALE))
        value, taps = (image - shift) / scale, list[Tensor]()
        for number, stride, padding, pool in LAYERS[self.network]:
            if pool:
                value = functional.max_pool2d(value, pool, 2, ceil_mode=self.network == "squeeze")
            if f"{number}.squeeze.weight" in self._stem:
                value = self._fire(value, number)
            else:
                value = self._conv(value, str(number), stride, padding)
            if number in TAPS[self.network]:
                taps.append(value)
        return taps

    def _conv(self, value: Tensor, name: str, stride: int = 1, padding: int = 0) -> Tensor:
        weight, bias = (self._stem[f"{name}.{kind}"].to(value) for kind in ("weight", "bias"))
        return functional.relu(functional.conv2d(value, weight, bias, stride, padding))

    def _fire(self, value: Tensor, number: int) -> Tensor:
        narrow = self._conv(value, f"{number}.squeeze")
        wide = self._conv(narrow, f"{number}.expand3x3", padding=1)
        return torch.cat((self._conv(narrow, f"{number}.expand1x1"), wide), dim=1)


def _unit(features: Tensor) -> Tensor:
    return features / (features.square().sum(dim=1, keepdim=True) + EPSILON).sqrt()
