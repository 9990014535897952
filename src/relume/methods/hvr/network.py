"""HVR: a low module refines one latent often, a high module restores another seldom.

HVR-SSLE; 353,763 parameters, used again and again. The low module is a light U-Net++, the high one
attention in windows, both at full resolution.
"""

from __future__ import annotations

import re
from math import erf, sqrt
from typing import Literal, NamedTuple, TypeAlias

import numpy as np
import torch
from torch import Tensor, nn

from relume.nn.swin import SwinFeatures
from relume.nn.unet_plus_plus import UNetPlusPlus
from relume.nn.windows import SIDE, Layout, lay_out

CHANNELS = 24
GROUPS = 2
TILE = 64
"""Side of the square of drawn latents that is repeated over a picture."""
SEED = 1

Start: TypeAlias = Literal["normal", "zeros"]


class Restored(NamedTuple):
    """What the network returns, (N, 3, H, W) in [0, 1]."""

    enhanced: Tensor


class Latents(NamedTuple):
    """What is refined, both (N, 24, H, W), H and W multiples of 8."""

    high: Tensor
    low: Tensor


class Seen(NamedTuple):
    """What stays the same while latents are refined."""

    picture: Tensor
    """What the low module's first convolution makes of the embedded picture."""
    biases: list[tuple[Tensor, Tensor]]
    """Those of positions in the high module's windows."""
    layout: Layout


class Network(nn.Module):
    """Refine latents and read the picture from the high one.

    In each of N rounds the low module works T·C times, the high one after every T-th time, that is
    C times. Where T, C or N is 0, the ablations of `visits`.
    Latents start as `zeros`, or as draws from a `normal` distribution cut to [−1, 1]: always the
    same ones, of a square that is repeated over the picture and kept with the parameters, so that
    two runs agree.
    """

    first: Tensor

    def __init__(self, *, t: int = 2, c: int = 2, n: int = 2, start: Start = "normal") -> None:
        super().__init__()
        self.t, self.c, self.n = t, c, n
        self.embed = nn.Conv2d(3, CHANNELS, 1)
        self.low = UNetPlusPlus(CHANNELS, groups=GROUPS)
        self.high = SwinFeatures(CHANNELS)
        self.head = nn.Conv2d(CHANNELS, 3, 1)
        self.register_buffer("first", _first(start))

    def forward(self, image: Tensor) -> Restored:
        """Enhance an image, (N, 3, H, W) in [0, 1], any H, W ≥ 1 → the same size."""
        height, width = image.shape[-2:]
        seen = self.look(image)
        latents = self.begin(seen)
        for lows, highs in visits(self.t, self.c, self.n):
            latents = self.refine(seen, latents, lows=lows, highs=highs)
        return Restored((self.read(latents)[..., :height, :width] + 1) / 2)

    def look(self, image: Tensor) -> Seen:
        """Reflect the image at the right and bottom to multiples of 8 and embed it."""
        height, width = image.shape[-2:]
        padded = image[..., _reflected(height, image), :][..., _reflected(width, image)]
        # Channels last is faster in torch, and other engines do not see it.
        padded = padded.contiguous(memory_format=torch.channels_last)
        embedded = self.embed(2 * padded - 1)
        layout = lay_out(padded.shape[-2], padded.shape[-1], device=image.device)
        return Seen(self.low.prepare(embedded), self.high.prepare(), layout)

    def begin(self, seen: Seen) -> Latents:
        """Return the latents every enhancement starts with."""
        count, _, height, width = seen.picture.shape
        side = self.first.shape[-1]
        rows, columns = (torch.arange(size, device=self.first.device) for size in (height, width))
        latents = self.first[:, :, rows % side][..., columns % side]
        high, low = latents[:, None].expand(-1, count, -1, -1, -1)
        return Latents(high, low)

    def draw(self, seen: Seen) -> Latents:
        """Return latents to begin a training step with: drawn anew, unless they are zeros."""
        if self.first.shape[-1] == 1:
            return self.begin(seen)
        high, low = _cut_normal(torch.rand(2, *seen.picture.shape, device=seen.picture.device))
        return Latents(high, low)

    def refine(self, seen: Seen, latents: Latents, *, lows: int = 1, highs: int = 1) -> Latents:
        """Visit the low module, then the high one, so many times."""
        high, low = latents
        for _ in range(lows):
            low = low + self.low(seen.picture, low + high)
        for _ in range(highs):
            high = self.high(high + low, seen.biases, seen.layout)
        return Latents(high, low)

    def read(self, latents: Latents) -> Tensor:
        """Return the picture in [−1, 1]."""
        return torch.tanh(self.head(latents.high))


def visits(t: int, c: int, n: int) -> tuple[tuple[int, int], ...]:
    """Return how often the low module and then the high one is visited, turn by turn.

    | T, C, N                | turns                                        |
    |------------------------|----------------------------------------------|
    | all above 0            | N·C turns: T times low, once high            |
    | T, C above 0, N = 0    | as N = 1                                     |
    | T = 0, N = 0           | once low, C times high                       |
    | C = 0, N = 0           | T times low, once high                       |
    | T or C = 0, N above 0  | once low, once high                          |
    """
    if t and c:
        return ((t, 1),) * (max(n, 1) * c)
    if n:
        return ((1, 1),)
    return ((t, 1),) if t else ((1, c),)


def _first(start: Start) -> Tensor:
    if start == "zeros":
        return torch.zeros(2, CHANNELS, 1, 1)
    # Evenly drawn numbers are the same in all versions of NumPy, normal ones need not be.
    drawn = np.random.Generator(np.random.PCG64(SEED)).random((2, CHANNELS, TILE, TILE))
    return _cut_normal(torch.from_numpy(drawn)).float()


def _cut_normal(uniform: Tensor) -> Tensor:
    """Turn uniform draws from [0, 1) into draws from a standard normal cut to [−1, 1]."""
    return sqrt(2) * torch.erfinv((2 * uniform - 1) * erf(1 / sqrt(2)))


def _reflected(size: int, image: Tensor) -> Tensor:
    """Return which sample stands where when `size` samples are reflected to a multiple of 8.

    Short sides are reflected more than once, and a side of one sample repeats it.
    """
    last = size - 1
    place = torch.arange((size + SIDE - 1) // SIDE * SIDE, device=image.device)
    for _ in range(SIDE // 2):  # a side of two samples needs so many
        # Not by absolute values, of which OpenVINO 2026.4 makes wrong places.
        place = torch.minimum(place, 2 * last - place)
        place = torch.maximum(place, -place)
    return place.clamp(max=last)


_NAMES = (
    (r"^(embed|head)_layer\.layers\.0\.", r"\1."),
    (r"^L_net_model\.conv(\d)_(\d)\.conv\.0\.", r"low.block\1\2.conv1."),
    (r"^L_net_model\.conv(\d)_(\d)\.conv\.1\.", r"low.block\1\2.norm1."),
    (r"^L_net_model\.conv(\d)_(\d)\.conv\.3\.", r"low.block\1\2.conv2."),
    (r"^L_net_model\.conv(\d)_(\d)\.conv\.4\.", r"low.block\1\2.norm2."),
    (r"^L_net_model\.final_conv\.", "low.last."),
    (r"^H_net_model\.patch_embed\.proj\.", "high.embed."),
    (r"^H_net_model\.patch_embed\.norm\.", "high.norm1."),
    (r"^H_net_model\.norm\.", "high.norm2."),
    (r"^H_net_model\.conv_after_body\.", "high.conv."),
    (r"^H_net_model\.layers\.(\d)\.patch_embed\.proj\.", r"high.groups.\1.mix."),
    (r"^H_net_model\.layers\.(\d)\.conv\.", r"high.groups.\1.conv."),
    (r"^H_net_model\.layers\.(\d)\.residual_group\.blocks\.0\.", r"high.groups.\1.plain."),
    (r"^H_net_model\.layers\.(\d)\.residual_group\.blocks\.1\.", r"high.groups.\1.shifted."),
    (r"\.mlp\.fc1\.", ".inner."),
    (r"\.mlp\.fc2\.", ".outer."),
    (r"\.attn\.logit_scale$", ".attention.scale"),
    (r"\.attn\.q_bias$", ".attention.query.bias"),
    (r"\.attn\.v_bias$", ".attention.value.bias"),
    (r"\.attn\.proj\.", ".attention.last."),
    (r"\.attn\.cpb_mlp\.0\.", ".attention.position.inner."),
    (r"\.attn\.cpb_mlp\.2\.", ".attention.position.outer."),
    (r"\.attn\.", ".attention."),
)
"""Published names → ours."""

_COPIES = ("layer.embedding.", "relative_coords_table", "relative_position_index")
"""What published files hold twice, or what follows from the window's side."""


def from_state(state: dict[str, Tensor]) -> Network:
    """Build the network that a set of parameters belongs to, ours or as published.

    Where latents start is kept beside the parameters, published ones start as `normal`. T, C and N
    are not kept: they are those of the published training, but N = 1 where latents start from
    zeros, as those of ours do, which learnt to be done by then.
    Raises: RuntimeError from torch where names or shapes do not fit.
    """
    ours: dict[str, Tensor] = {}
    for name, value in state.items():
        if any(copy in name for copy in _COPIES):
            continue
        for pattern, replacement in _NAMES:
            name = re.sub(pattern, replacement, name)
        if name.endswith(".attention.qkv.weight"):
            for part, rows in zip(("query", "key", "value"), value.chunk(3), strict=True):
                ours[name.replace("qkv", part)] = rows
        else:
            ours[name] = value
    zeros = "first" in ours and ours["first"].shape[-1] == 1
    network = Network(start="zeros", n=1) if zeros else Network()
    ours.setdefault("first", network.first)
    network.load_state_dict(ours)
    return network
