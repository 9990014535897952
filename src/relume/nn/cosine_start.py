"""First parameters for a packed network of mosaics: it begins by passing on cosine waves.

A network that packs 16×16 samples into 64 numbers must first find numbers that hold a picture,
which takes most of a short training. The discrete cosine transform of each 4×4 samples of a plane
is known to hold pictures well (Ahmed, Natarajan and Rao, IEEE Trans. Computers, 1974). So:

| layer     | does at the start                                                              |
|-----------|--------------------------------------------------------------------------------|
| a plane's | 4×4 cosine transform of each quadrant of the cell, lifted so that ReLU is idle |
| merge     | keeps 8 waves of green, the longest 4 of red and of blue                       |
| picture   | adds the waves up at full size, and makes light brighter before the sigmoid    |
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from relume.nn.cosine_waves import cosine_waves
from relume.nn.weight_norm import length

SIDE = 4
"""Samples of a plane along a quadrant of the cell."""
WAVES = ((0, 0), (0, 1), (1, 0), (1, 1), (0, 2), (2, 0), (1, 2), (2, 1))
"""Vertical and horizontal frequencies, the longest waves first."""
FEW = 4
"""Of them kept of red and of blue; what they lack is green's."""
LIFT = 1.0
"""Added to every wave: few are deeper, in pictures of light from 0 to 1."""
CONTRAST, OFFSET = 6.0, -1.8
"""sigmoid(6·x − 1.8) is within 0.2 of the sRGB curve of light x."""
GRAIN = 1e-3
"""Deviation of what is added to kernels, so that no two weights stay equal."""


def start(planes: nn.ModuleList, merge: nn.Module, picture: nn.Module) -> None:
    """Set the first, the merging and the last layer of a packed network, as the table says."""
    for plane in planes:
        _fill(plane, _analysis(), torch.full((4 * SIDE**2,), LIFT))
    _fill(merge, _selection(), None)
    waves = CONTRAST * _synthesis()
    _fill(picture, waves, OFFSET - LIFT * waves.sum(dim=1))


def _analysis() -> Tensor:
    """(quadrant, wave) from the samples of a cell, (64, 64)."""
    line = cosine_waves(torch.arange(SIDE), count=SIDE)
    kernel = torch.zeros(2, 2, SIDE, SIDE, 2, SIDE, 2, SIDE)
    for down in range(2):
        for right in range(2):
            kernel[down, right, :, :, down, :, right, :] = torch.einsum("ui,vj->uvij", line, line)
    return kernel.reshape(4 * SIDE**2, 4 * SIDE**2)


def _selection() -> Tensor:
    """(kept wave, quadrant) from (plane, quadrant, wave), (64, 256); planes are R, G, G, B."""
    kernel = torch.zeros(16, 4, 4, 4, SIDE, SIDE)
    for kept, wave in enumerate((*WAVES, *WAVES[:FEW], *WAVES[:FEW])):
        planes = (1, 2) if kept < len(WAVES) else (0,) if kept < len(WAVES) + FEW else (3,)
        for quadrant in range(4):
            for plane in planes:
                kernel[kept, quadrant, plane, quadrant, wave[0], wave[1]] = 1 / len(planes)
    return kernel.reshape(64, 256)


def _synthesis() -> Tensor:
    """(row, column, colour) of 8×8 pixels from the kept waves, (192, 16)."""
    line = cosine_waves((torch.arange(2 * SIDE) - 0.5) / 2, count=SIDE)
    kernel = torch.zeros(2 * SIDE, 2 * SIDE, 3, 16)
    for index, (down, right) in enumerate(WAVES):
        wave = torch.outer(line[down], line[right])
        kernel[:, :, 1, index] = wave
        for colour, first in ((0, len(WAVES)), (2, len(WAVES) + FEW)):
            kernel[:, :, colour, first + index if index < FEW else index] = wave
    return kernel.reshape(-1, 16)


def _fill(layer: nn.Module, kernel: Tensor, bias: Tensor | None) -> None:
    """Put a 1×1 kernel into the middle of a layer's, with a little grain."""
    state = layer.state_dict()
    name = "weight" if "weight" in state else "weight_v"
    whole = GRAIN * torch.randn_like(state[name])
    middle = whole.shape[-1] // 2
    whole[:, :, middle, middle] += kernel
    state[name] = whole
    if "weight_g" in state:
        state["weight_g"] = length(whole)
    if bias is not None:
        state["bias"] = bias
    layer.load_state_dict(state)
