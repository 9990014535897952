"""relume's own network: how to relight a picture, seen small, and its noise, seen close.

| part          | looks at                        | gives                                        |
|---------------|---------------------------------|----------------------------------------------|
| Estimate      | the whole picture at 96×96      | five maps: gain R, G, B, bias, gamma         |
| lines         | maps and log luma at 48×48      | slope and offset of each map over log luma   |
| relight       | each pixel and the lines there  | y = (k·z/(1 + (k − 1)·z))^γ, z = min(1, a·x) |
| CellShrinkage | cells of 4×4 pixels and further | the dark picture without its noise           |

The maps follow the picture's own edges: He, Sun, Tang, IEEE TPAMI 35(6), 2013, eqs. 5 and 6
(doi 10.1109/TPAMI.2012.213). The curve of the bias k is that of Schlick, Graphics Gems IV, 1994.
"""

from __future__ import annotations

from typing import ClassVar, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from relume.nn.cell_shrinkage import SET, CellShrinkage, without
from relume.nn.depthwise import Block, Halve, double
from relume.nn.sparing import FLOOR, nothing, spared, toned, windows
from relume.render.maps import HARDLY

SIDE = 96
"""Height and width at which the whole picture is looked at."""

MAPS = 5
"""Logarithms of the gains a of R, G and B, of the bias k, and of γ."""

CENTRES = (1.6, 1.6, 1.6, 0.9, 0.0)
REACHES = (2.0, 2.0, 2.0, 1.9, 0.8)
"""A map lies within its centre ± its reach: gains of 0.7 to 36, biases of 0.4 to 16, gammas of 0.45
to 2.2. Seven stops are an encoded gain of about 12."""

STOP = 0.6
"""What a stop of the knob `exposure` adds to log k: a tone of 0.45 with γ = 1 then gains the
factor 2^(1/2.2) that a stop of light is in encoded values."""

QUIET, LOUD = 0.5, 1.5
"""Logarithms of how far a place is lifted, under which nothing is restored, above which all of it:
1.6 and 4.5 times. With lower ones foliage in pictures that need little light turns soft, with
higher ones noise stays; weak noise is left anyway."""

BLACK = 0.01
"""Luma that counts as this when it is asked how far a place is lifted: black times all is black."""

FAINT = 1e-4
"""Added to what γ is applied to: the slope of a power is infinite at 0."""


class Lit(NamedTuple):
    """What the network returns for (N, 3, H, W)."""

    enhanced: Tensor
    """(N, 3, H, W) in [0, 1]."""
    noise: Tensor
    """What the roots of the picture have too much, (N, 3, H, W) in [−1, 1]; see `calmed`."""
    slope: Tensor
    """Of the five maps over log luma, (N, 5, 48, 48)."""
    offset: Tensor
    amount: Tensor
    """How much of the restoration is wanted where, (N, 1, 48, 48) in [0, 1]."""


def luma(image: Tensor) -> Tensor:
    """Return Y of BT.601, (N, 3, H, W) in [0, 1] → (N, 1, H, W) in [0, 1]."""
    return 0.299 * image[:, :1] + 0.587 * image[:, 1:2] + 0.114 * image[:, 2:]


def log_luma(image: Tensor) -> Tensor:
    """Return log2(255·Y + 1)/8, (N, 3, H, W) in [0, 1] → (N, 1, H, W) in [0, 1]."""
    return torch.log2(255 * luma(image) + 1) / 8


class Estimate(nn.Module):
    """A small U-Net of depthwise blocks with a global branch."""

    def __init__(self, *, channels: tuple[int, int, int], hidden: int) -> None:
        super().__init__()
        near, middle, far = channels
        self.stem = nn.Conv2d(6, near, 4, stride=4)
        self.near = nn.Sequential(Block(near), Block(near))
        self.to_middle = Halve(near, middle)
        self.middle = nn.Sequential(Block(middle), Block(middle))
        self.to_far = Halve(middle, far)
        self.far = nn.Sequential(Block(far), Block(far))
        self.overall = nn.Sequential(
            nn.Linear(2 * (near + far), hidden),
            nn.ReLU(),
            nn.Linear(hidden, hidden),
            nn.ReLU(),
        )
        self.overall_features = nn.Linear(hidden, far)
        self.overall_maps = nn.Linear(hidden, MAPS)
        self.from_far = nn.Conv2d(far, middle, 1)
        self.middle_again = Block(middle)
        self.from_middle = nn.Conv2d(middle, near, 1)
        self.near_again = Block(near)
        self.head = nn.Conv2d(near, MAPS, 1)
        for last in (self.head, self.overall_maps):  # training starts at the centres
            for parameter in last.parameters():
                nn.init.zeros_(parameter)

    def forward(self, small: Tensor) -> Tensor:
        """Return the maps, (N, 3, 96, 96) → (N, 5, 48, 48)."""
        seen = torch.cat((torch.log2(255 * small + 1) / 8, small), dim=1) - 0.4
        near = self.near(functional.relu(self.stem(seen)))
        middle = self.middle(self.to_middle(near))
        far = self.far(self.to_far(middle))
        statistics = torch.cat(
            (near.mean((2, 3)), near.amax((2, 3)), far.mean((2, 3)), far.amax((2, 3))), dim=1
        )
        overall = self.overall(statistics)
        features = far + self.overall_features(overall)[..., None, None]
        features = functional.relu(double(self.from_far(features)) + middle)
        features = functional.relu(double(self.from_middle(self.middle_again(features))) + near)
        local = double(self.head(self.near_again(features)))
        return self._bounded(local + self.overall_maps(overall)[..., None, None])

    @staticmethod
    def _bounded(raw: Tensor) -> Tensor:
        centre = torch.tensor(CENTRES, dtype=raw.dtype, device=raw.device).view(1, MAPS, 1, 1)
        reach = torch.tensor(REACHES, dtype=raw.dtype, device=raw.device).view(1, MAPS, 1, 1)
        return centre + reach * torch.tanh(raw / reach)


def areas(size: int, image: Tensor) -> Tensor:
    """Return the matrix that averages `size` samples over the areas of SIDE samples."""
    ends = torch.arange(SIDE + 1, dtype=image.dtype, device=image.device) * (size / SIDE)
    place = torch.arange(size, dtype=image.dtype, device=image.device)
    shared = torch.minimum(ends[1:, None], place + 1) - torch.maximum(ends[:-1, None], place)
    return shared.clamp(min=0) * (SIDE / size)


def seen_small(image: Tensor) -> Tensor:
    """Average a picture over the areas of 96×96 samples, whatever its size."""
    return areas(image.shape[-2], image) @ image @ areas(image.shape[-1], image).T


def enlarged(maps: Tensor, image: Tensor) -> Tensor:
    """Lay maps over a picture linearly, edges on edges."""
    size = (image.shape[-2], image.shape[-1])
    return functional.interpolate(maps, size, mode="bilinear", align_corners=False)


def lines(guide: Tensor, maps: Tensor) -> tuple[Tensor, Tensor]:
    """Fit each map by a line over the guide in windows of 11×11, and average the lines.

    (N, 1, h, w) and (N, M, h, w) → slope and offset, (N, M, h, w). Smaller windows leave a bright
    rim along dark things before a sky: the maps alone do not follow edges so closely.
    """
    radius, epsilon = 5, 1e-3  # (0.03)² of the eight stops: edges of a quarter of a stop count
    # Around their means little is lost where squares are subtracted from squares.
    usual, average = guide.mean((2, 3), keepdim=True), maps.mean((2, 3), keepdim=True)
    guide, maps = guide - usual, maps - average

    def mean(values: Tensor) -> Tensor:
        return windows(values, radius=radius)

    middle, level = mean(guide), mean(maps)
    spread = mean(guide * guide) - middle * middle
    slope = (mean(guide * maps) - middle * level) / (spread + epsilon)
    slope, offset = mean(slope), mean(level - slope * middle)
    return slope, offset + average - slope * usual


def calmed(image: Tensor, noise: Tensor) -> Tensor:
    """Take noise away from the roots, and its colour from what is then hardly above black.

    (N, 3, H, W) in [0, 1] and what its roots have too much → (N, 3, H, W) in [0, 1].
    """
    quiet = without(image, noise)
    gray = luma(quiet)
    lost = HARDLY**2 / (HARDLY**2 + gray * gray)
    return quiet + lost * (gray - quiet)


def relight(image: Tensor, maps: Tensor) -> Tensor:
    """Return y = (k·z/(1 + (k − 1)·z))^γ with z = min(1, a·x), monotonic in x, 0 → about 0.

    (N, 3, H, W) in [0, 1] and (N, 5, H, W) → [0, 1].
    """
    gain, bias, gamma = maps[:, :3].exp(), maps[:, 3:4].exp(), maps[:, 4:].exp()
    return (_biased(gain * image, bias) + FAINT) ** gamma


def _biased(light: Tensor, bias: Tensor) -> Tensor:
    """Return Schlick's curve of min(1, light), shapes as they broadcast, in [0, 1]."""
    z = light.clamp(max=1)
    return bias * z / (1 + (bias - 1) * z)


def lifted(maps: Tensor, small: Tensor) -> Tensor:
    """Return by what logarithm maps lift a picture, each place at its luma, (N, 1, h, w).

    γ counts: below 1 it lifts deep shadows most, whatever gains and bias are.
    """
    gray = luma(small).clamp(min=BLACK)
    gain, bias = maps[:, :3].mean(dim=1, keepdim=True).exp(), maps[:, 3:4].exp()
    return maps[:, 4:].exp() * _biased(gain * gray, bias).log() - gray.log()


class Network(nn.Module):
    """Estimate small, restore close, relight."""

    graph_knobs: ClassVar[tuple[str, ...]] = ("exposure", "highlights", "denoise", "floor")

    def __init__(
        self,
        *,
        channels: tuple[int, int, int] = (40, 56, 72),
        hidden: int = 64,
        restoration_channels: tuple[int, int] = (32, 48),
        restoration_blocks: tuple[int, int, int] = (1, 3, 2),
    ) -> None:
        super().__init__()
        self.estimate = Estimate(channels=channels, hidden=hidden)
        self.restoration = CellShrinkage(channels=restoration_channels, blocks=restoration_blocks)

    def look(
        self, image: Tensor, *, highlights: Tensor | float = 0.0, floor: Tensor | float = 0.0
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Return slope and offset of the maps over log luma, and the amount of restoration."""
        small = seen_small(image)
        maps = self.estimate(small)
        small = functional.avg_pool2d(small, 2)
        maps = spared(maps, small, highlights=highlights)
        maps = toned(maps, small, highlights=highlights, relit=relight)
        slope, offset = lines(log_luma(small), maps)
        kept = 1 - nothing(luma(small), floor=floor)
        amount = (kept * lifted(maps, small) - QUIET) / (LOUD - QUIET)
        return kept * slope, kept * offset, amount.clamp(0, 1)

    def forward(
        self,
        image: Tensor,
        exposure: Tensor | float = 0.0,
        highlights: Tensor | float = 0.8,
        denoise: Tensor | float = 1.0,
        floor: Tensor | float = FLOOR,
    ) -> Lit:
        """Enhance pictures, (N, 3, 8h, 8w) in [0, 1] → the same.

        `exposure` in stops; `highlights` in [0, 1], how far what is bright already is spared;
        `denoise` in [0, 1]; `floor` in levels of 8 bits, up to which a place holds nothing.
        """
        slope, offset, amount = self.look(image, highlights=highlights, floor=floor)
        offset = torch.cat((offset[:, :3], offset[:, 3:4] + STOP * exposure, offset[:, 4:]), dim=1)
        noise = self.restoration.noise(image)
        clean = calmed(image, noise)
        quiet = image + denoise * enlarged(amount, image) * (clean - image)
        maps = enlarged(slope, image) * log_luma(quiet) + enlarged(offset, image)
        return Lit(relight(quiet, maps).clamp(0, 1), noise, slope, offset, amount)


def from_state(state: dict[str, Tensor]) -> Network:
    """Build the network that a set of parameters belongs to.

    Raises: RuntimeError from torch where names or shapes do not fit.
    """

    def blocks(place: str) -> int:
        numbers = {name.split(".")[2] for name in state if name.startswith(f"restoration.{place}.")}
        return len(numbers)

    def count(name: str) -> int:
        return len(state[name]) if name in state else 1

    network = Network(
        channels=(
            count("estimate.stem.bias"),
            count("estimate.to_middle.pointwise.bias"),
            count("estimate.to_far.pointwise.bias"),
        ),
        hidden=count("estimate.overall.0.bias"),
        restoration_channels=(
            count("restoration.enter.bias"),
            count("restoration.to_far.pointwise.bias"),
        ),
        restoration_blocks=(blocks("near"), blocks("far"), blocks("near_again")),
    )
    network.load_state_dict(state if "restoration.rounding" in state else _updated(state))
    return network


def _updated(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return parameters from before anything was set for black: nothing is, and their coefficients
    stand wave by wave in three colours, not colour by colour."""
    order = torch.arange(len(state["restoration.share.bias"])).reshape(-1, 3).T.flatten()
    unset = {f"restoration.{name}": torch.zeros(()) for name in SET}
    turned = {
        f"restoration.{name}": state[f"restoration.{name}"][order]
        for name in ("share.weight", "share.bias", "less_smooth.weight")
    }
    turned["restoration.enter.weight"] = state["restoration.enter.weight"][:, order]
    return unset | state | turned
