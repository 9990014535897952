"""The curve network of SGZ: 10,561 parameters that say how much brighter each pixel should become.

Zheng and Gupta, Semantic-Guided Zero-Shot Learning for Low-Light Image/Video Enhancement,
WACVW 2022, arXiv 2110.00970, section 3.1.
"""

from __future__ import annotations

import re
from typing import Literal, NamedTuple, TypeAlias

import torch
from torch import Tensor, nn
from torch.nn import functional

ITERATIONS = 8
Convolution: TypeAlias = Literal["depthwise_separable", "standard"]


class Relit(NamedTuple):
    """What the network returns, both (N, 3, H, W)."""

    enhanced: Tensor
    """In [0, 1]."""
    curve: Tensor
    """The map a in [−1, 1] of x ← x + a·x·(1 − x); positive is brighter."""


class DepthwiseSeparable(nn.Module):
    """A 3×3 convolution per channel, then a 1×1 convolution across channels, both with bias."""

    def __init__(self, channels: int, out_channels: int) -> None:
        super().__init__()
        self.depthwise = nn.Conv2d(channels, channels, 3, padding=1, groups=channels)
        self.pointwise = nn.Conv2d(channels, out_channels, 1)

    def forward(self, features: Tensor) -> Tensor:
        return self.pointwise(self.depthwise(features))


class CurveNetwork(nn.Module):
    """Estimate one curve map and apply it eight times."""

    def __init__(
        self, *, channels: int = 32, convolution: Convolution = "depthwise_separable"
    ) -> None:
        super().__init__()

        def layer(before: int, after: int) -> nn.Module:
            if convolution == "standard":
                return nn.Conv2d(before, after, 3, padding=1)
            return DepthwiseSeparable(before, after)

        self.conv1 = layer(3, channels)
        self.conv2 = layer(channels, channels)
        self.conv3 = layer(channels, channels)
        self.conv4 = layer(channels, channels)
        self.conv5 = layer(2 * channels, channels)
        self.conv6 = layer(2 * channels, channels)
        self.conv7 = layer(2 * channels, 3)

    def estimate(self, image: Tensor) -> Tensor:
        """Return the curve map of an image, (N, 3, H, W) in [0, 1] → (N, 3, H, W) in [−1, 1]."""
        relu = functional.relu
        x1 = relu(self.conv1(image))
        x2 = relu(self.conv2(x1))
        x3 = relu(self.conv3(x2))
        x4 = relu(self.conv4(x3))
        x5 = relu(self.conv5(torch.cat((x3, x4), dim=1)))
        x6 = relu(self.conv6(torch.cat((x2, x5), dim=1)))
        return torch.tanh(self.conv7(torch.cat((x1, x6), dim=1)))

    def forward(self, image: Tensor, scale: int = 1) -> Relit:
        """Enhance an image; the curve is estimated on a picture `scale` times smaller.

        (N, 3, H, W) in [0, 1], any H, W ≥ 1 → the same size. Equals the published code where H
        and W are multiples of `scale`; other sizes are padded by replication, not cropped.
        """
        curve = self.estimate(image) if scale == 1 else self._estimate_small(image, scale)
        return Relit(apply_curve(image, curve), curve)

    def _estimate_small(self, image: Tensor, scale: int) -> Tensor:
        height, width = image.shape[-2:]
        padding = (0, -width % scale, 0, -height % scale)
        padded = functional.pad(image, padding, mode="replicate")
        full = (padded.shape[-2], padded.shape[-1])
        small = (full[0] // scale, full[1] // scale)
        reduced = functional.interpolate(padded, small, mode="bilinear", align_corners=False)
        curve = self.estimate(reduced)
        curve = functional.interpolate(curve, full, mode="bilinear", align_corners=True)
        return curve[..., :height, :width]


def apply_curve(image: Tensor, curve: Tensor, *, iterations: int = ITERATIONS) -> Tensor:
    """Apply x ← x + a·x·(1 − x) again and again.

    x in [0, 1], a in [−1, 1] → [0, 1]: each step is monotonic in x and keeps 0 and 1 (Zero-DCE,
    Guo et al., CVPR 2020, equation 3, with one map for all steps).
    """
    for _ in range(iterations):
        image = image + curve * (image * (1 - image))
    return image


Network = CurveNetwork
"""The name by which training, import and export find a method's network."""


def from_state(state: dict[str, Tensor]) -> CurveNetwork:
    """Build the network that a set of parameters belongs to, ours or as published.

    Published parameters are called `e_conv1.depth_conv.weight` and so on, and their map has the
    opposite sign (x ← x + r·(x² − x), so a = −r): tanh is odd, so the last layer is negated.
    Raises: RuntimeError from torch where names or shapes do not fit.
    """
    published = [name for name in state if name.startswith("e_conv")]
    for name in published:
        ours = re.sub("^e_", "", name).replace("depth_conv", "depthwise")
        ours = ours.replace("point_conv", "pointwise")
        last = ours.startswith("conv7.") and "depthwise" not in ours
        state = {**state, ours: -state[name] if last else state[name]}
    state = {name: value for name, value in state.items() if name not in published}
    plain = state.get("conv2.weight")
    bias = state.get("conv2.bias", state.get("conv2.pointwise.bias"))
    network = CurveNetwork(
        channels=32 if bias is None else len(bias),
        convolution="depthwise_separable" if plain is None else "standard",
    )
    network.load_state_dict(state)
    return network
