"""IllRecNet: separate light from surfaces by frequency, enhance the one, restore the other.

The published system of that name attends to all pixels at once, which no computer at hand can do
at the size of a photo; this is its pipeline with convolutions, see the README beside this file.
"""

from __future__ import annotations

import re
from math import lcm
from typing import Literal, NamedTuple, TypeAlias

import torch
from torch import Tensor, nn
from torch.nn import functional

from relume.errors import ContractError
from relume.nn.low_pass import LowPass
from relume.nn.unet import SLOPE, Sampling, UNet

DARKEST = 1e-3
"""Smallest luma whose logarithm is taken: a quarter of an 8-bit level."""
STEEPEST = 5.0
"""Largest logarithm of a reflectance: 150 times as bright as its surroundings."""
PACK = 2
"""Side of the cells whose samples the restorations see as channels: four times fewer places."""
CR_SPAN, CB_SPAN = 2 * (1 - 0.299), 2 * (1 - 0.114)
"""BT.601: Cr = (R − Y) / CR_SPAN and Cb = (B − Y) / CB_SPAN lie in [−1/2, 1/2]."""

Cutoff: TypeAlias = Literal["trainable", "fixed"]


class Relit(NamedTuple):
    """What the network returns: the picture and its parts before and after, (N, C, H, W)."""

    enhanced: Tensor
    """Three channels, in [0, 1]."""
    illumination: Tensor
    """Enhanced, one channel, in [0, 1]."""
    reflectance: Tensor
    """Restored, one channel, at least 0, about 1: luma = illumination · reflectance."""
    chroma: Tensor
    """Restored, Cr and Cb, 0 is gray."""
    low_illumination: Tensor
    low_reflectance: Tensor
    low_chroma: Tensor


class ResidualBlock(nn.Module):
    """Features plus two 3×3 convolutions of them."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3, padding=1)
        self.second = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, features: Tensor) -> Tensor:
        inner = functional.leaky_relu(self.first(features), SLOPE)
        return features + self.second(inner)


class Restoration(nn.Module):
    """Correct planes, seeing others beside them; before training it changes nothing."""

    def __init__(self, planes: int, beside: int, *, channels: int, blocks: int) -> None:
        super().__init__()
        cell = PACK * PACK
        self.enter = nn.Conv2d(cell * (planes + beside), channels, 3, padding=1)
        self.blocks = nn.Sequential(*(ResidualBlock(channels) for _ in range(blocks)))
        self.leave = nn.Conv2d(channels, cell * planes, 3, padding=1)

    def forward(self, planes: Tensor, beside: Tensor) -> Tensor:
        packed = functional.pixel_unshuffle(torch.cat((planes, beside), dim=1), PACK)
        packed = packed.contiguous(memory_format=torch.channels_last)  # a quarter faster to train
        features = self.blocks(functional.leaky_relu(self.enter(packed), SLOPE))
        return planes + functional.pixel_shuffle(self.leave(features), PACK)


class HomomorphicNetwork(nn.Module):
    """Separate, enhance, restore, recompose.

    `hidden_channels`, `num_resolution`, `dropout_ratio`, `downsampling` and `upsampling` shape the
    U-Net that enhances illumination, which is smooth, so that it is seen `reduction` times smaller;
    `raw_cutoff`, `offset` and `cutoff` shape the separation; `restoration_channels` and
    `restoration_blocks` what restores reflectance and chroma.
    """

    def __init__(
        self,
        *,
        hidden_channels: int = 16,
        num_resolution: int = 4,
        reduction: int = 4,
        dropout_ratio: float = 0.0,
        downsampling: Sampling = "trainable",
        upsampling: Sampling = "trainable",
        raw_cutoff: float = -3.5,
        offset: float = 0.02,
        cutoff: Cutoff = "trainable",
        restoration_channels: int = 24,
        restoration_blocks: int = 4,
    ) -> None:
        super().__init__()
        counts = (hidden_channels, num_resolution, reduction, restoration_channels)
        if min(counts) < 1 or restoration_blocks < 0:
            raise ContractError(
                "recipe.network: expected hidden_channels, num_resolution, reduction and "
                "restoration_channels of at least 1, restoration_blocks of at least 0"
            )
        if not 0 <= dropout_ratio < 1:
            raise ContractError(
                f"recipe.network.dropout_ratio: expected 0 up to less than 1, got {dropout_ratio:g}"
            )
        self.low_pass = LowPass(
            raw_cutoff=raw_cutoff, offset=offset, trainable=cutoff == "trainable"
        )
        self.illuminate = UNet(
            1,
            1,
            channels=hidden_channels,
            levels=num_resolution,
            dropout=dropout_ratio,
            downsampling=downsampling,
            upsampling=upsampling,
        )
        sizes = {"channels": restoration_channels, "blocks": restoration_blocks}
        self.restore_reflectance = Restoration(1, 2, **sizes)
        self.restore_chroma = Restoration(2, 3, **sizes)
        self.reduction = reduction
        self.multiple_of = lcm(PACK, reduction * self.illuminate.multiple_of)
        self.register_buffer("reduced", torch.tensor(reduction))
        self.apply(_begin)
        for restoration in (self.restore_reflectance, self.restore_chroma):
            nn.init.zeros_(restoration.leave.weight)

    def forward(self, image: Tensor) -> Relit:
        """Enhance a picture, (N, 3, H, W) in [0, 1], any H, W ≥ 1 → the same size."""
        height, width = image.shape[-2:]
        luma, low_chroma = to_luma_chroma(image)
        logarithm = luma.clamp(min=DARKEST).log()
        smooth = self.low_pass(logarithm)
        # What follows sees sides that can be halved again and again.
        padding = (0, -width % self.multiple_of, 0, -height % self.multiple_of)
        planes = torch.cat((smooth, logarithm - smooth, low_chroma), dim=1)
        padded = functional.pad(planes, padding, mode="replicate")
        low_light, low_surface, low_colour = padded.split((1, 1, 2), dim=1)
        # From [log DARKEST, 0] to about [−1, 1].
        level = low_light / 3.5 + 1
        light = self._enhance(level)
        surface = self.restore_reflectance(low_surface, torch.cat((light, level), dim=1))
        reflectance = surface.clamp(max=STEEPEST).exp()
        relit = (low_colour * light / low_light.exp()).clamp(-0.5, 0.5)
        luma = light * reflectance
        chroma = self.restore_chroma(relit, torch.cat((light, level, luma), dim=1))
        enhanced = from_luma_chroma(luma, chroma).clamp(0, 1)
        parts = (
            *(enhanced, light, reflectance, chroma),
            *(low_light.exp(), low_surface.exp(), low_colour),
        )
        return Relit(*(part[..., :height, :width] for part in parts))

    def _enhance(self, level: Tensor) -> Tensor:
        """Return the enhanced illumination of a level of light, as large, in [0, 1]."""
        if self.reduction == 1:
            return torch.sigmoid(self.illuminate(level))
        small = self.illuminate(functional.avg_pool2d(level, self.reduction))
        return functional.interpolate(
            torch.sigmoid(small), scale_factor=float(self.reduction), mode="bilinear"
        )


def to_luma_chroma(image: Tensor) -> tuple[Tensor, Tensor]:
    """Split RGB into luma and (Cr, Cb) centred at 0: BT.601, full range.

    (N, 3, H, W) in [0, 1] → (N, 1, H, W) in [0, 1] and (N, 2, H, W) in [−1/2, 1/2].
    """
    red, green, blue = image.split(1, dim=1)
    luma = 0.299 * red + 0.587 * green + 0.114 * blue
    return luma, torch.cat(((red - luma) / CR_SPAN, (blue - luma) / CB_SPAN), dim=1)


def from_luma_chroma(luma: Tensor, chroma: Tensor) -> Tensor:
    """Undo `to_luma_chroma`."""
    cr, cb = chroma.split(1, dim=1)
    red, blue = luma + CR_SPAN * cr, luma + CB_SPAN * cb
    green = (luma - 0.299 * red - 0.114 * blue) / 0.587
    return torch.cat((red, green, blue), dim=1)


def _begin(module: nn.Module) -> None:
    """Keep the size of signals from layer to layer (He et al., ICCV 2015, arXiv 1502.01852)."""
    if isinstance(module, nn.Conv2d):
        nn.init.kaiming_normal_(module.weight, a=SLOPE)
        if module.bias is not None:
            nn.init.zeros_(module.bias)


Network = HomomorphicNetwork
"""The name by which training, import and export find a method's network."""


def from_state(state: dict[str, Tensor]) -> HomomorphicNetwork:
    """Build the network that a set of our parameters belongs to.

    Raises: RuntimeError from torch where names or shapes do not fit.
    """

    def width(name: str, default: int) -> int:
        return len(state[name]) if name in state else default

    def sampling(name: str) -> Sampling:
        return "trainable" if name in state else "fixed"

    def count(pattern: str) -> int:
        return sum(re.fullmatch(pattern, name) is not None for name in state)

    network = HomomorphicNetwork(
        hidden_channels=width("illuminate.enter.0.bias", 16),
        num_resolution=1 + count(r"illuminate\.encode\.\d+\.0\.bias"),
        reduction=int(state.get("reduced", 4)),
        downsampling=sampling("illuminate.down.0.weight"),
        upsampling=sampling("illuminate.up.0.weight"),
        offset=float(state.get("low_pass.offset", 0.02)),
        restoration_channels=width("restore_reflectance.enter.bias", 24),
        restoration_blocks=count(r"restore_reflectance\.blocks\.\d+\.first\.bias"),
    )
    network.load_state_dict(state)
    return network
