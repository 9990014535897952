"""LLPackNet: a dark mosaic in, a finished picture out, all work at 1/16 and 1/8 of its size.

Lamba, Balaji and Mitra, Towards Fast and Light-Weight Restoration of Dark Images, BMVC 2020,
arXiv 2011.14133.
"""

from __future__ import annotations

import re
from typing import ClassVar, Literal, NamedTuple, TypeAlias

import torch
from torch import Tensor, nn
from torch.nn import functional

from relume.nn import cosine_start
from relume.nn.amplifier import LinearAmplifier, StopsAmplifier
from relume.nn.dense import ResidualDenseBlock
from relume.nn.packing import pack, unpack, unpack_colours
from relume.nn.weight_norm import WeightNormalisedConv2d, fold_state

Convolution: TypeAlias = Literal["weight_normalised", "plain"]
Ending: TypeAlias = Literal["sigmoid", "clip"]
Amplifier: TypeAlias = Literal["stops", "linear"]
Start: TypeAlias = Literal["kaiming", "cosines"]

CALM = 0.03
"""Of the lengths of kernels that end a block, so that blocks change little at the start."""

BLOCK = 8
"""Pixels of a side that come out of the same numbers."""
LARGEST_STEP = 16 / 255
"""Across the border of two blocks; a larger one is an edge of the scene and stays."""
SLOPE_WEIGHT = 16
"""Of the slopes beside a step, squared, against its own: where they are steep there is detail."""
SHARES = (2 / 5, 1 / 5)
"""Of a step, what the last pixel before it and the last but one take: it becomes five equal ones.
Chosen, as the two above, on held-out training photographs: PSNR stays as it is."""

HEADROOM = 2.0
"""Amplified samples end here, one stop above white: a lamp at night may lie a hundred times above
it, which no network that learnt from pictures has seen. The published one has no such end."""


class Developed(NamedTuple):
    """What the network returns."""

    enhanced: Tensor
    """(N, 3, H, W) in [0, 1]: white-balanced camera RGB with the transfer function of sRGB."""
    automatic_amplification: Tensor
    """(N, 1, 1, 1): what the histogram of the mosaic asks for, whatever was applied."""


class PackNetwork(nn.Module):
    """Pack, think small, unpack.

    Weight-normalised convolutions and a sigmoid are version 2, of the published code, plain ones
    and a clip version 1, of the paper. Plain ones and a sigmoid are version 2 for inference.
    """

    graph_knobs: ClassVar[tuple[str, ...]] = ("amplification",)
    headroom: Tensor
    blend: Tensor

    def __init__(
        self,
        *,
        convolution: Convolution = "weight_normalised",
        ending: Ending = "sigmoid",
        amplifier: Amplifier = "stops",
        start: Start = "kaiming",
    ) -> None:
        super().__init__()

        def layer(before: int, after: int, size: int, bias: bool = False) -> nn.Module:
            if convolution == "weight_normalised":
                return WeightNormalisedConv2d(before, after, size, bias=bias)
            return nn.Conv2d(before, after, size, padding=size // 2, bias=bias)

        self.amplifier = StopsAmplifier() if amplifier == "stops" else LinearAmplifier()
        self.planes = nn.ModuleList([layer(64, 64, 3, bias=True) for _ in range(4)])
        self.merge = layer(4 * 64, 64, 1)
        blocks = [ResidualDenseBlock(64, layer=layer) for _ in range(3)]
        self.blocks = nn.ModuleList(blocks)
        self.fuse = layer(3 * 64, 64, 1)
        self.refine = ResidualDenseBlock(16, layer=layer)
        self.register_buffer("headroom", torch.tensor(HEADROOM))
        # 1 where steps between blocks are taken away, 0 where they stay as published.
        self.register_buffer("blend", torch.ones(()))
        # The name of the last layer tells what follows it, so that a state says it too.
        self.picture = nn.ModuleDict({ending: layer(16, 3 * 64, 3, bias=True)})
        if start == "cosines":
            cosine_start.start(self.planes, self.merge, self.picture[ending])
            for fuse in (self.fuse, *(block.fuse for block in (*blocks, self.refine))):
                calmed = {name: CALM * value for name, value in fuse.state_dict().items()}
                fuse.load_state_dict(calmed)

    def forward(self, image: Tensor, amplification: Tensor | float = 0.0) -> Developed:
        """Develop mosaics, (N, 1, H, W) in [0, 1], RGGB, H and W multiples of 16.

        `amplification` multiplies them, 0-d or (N, 1, 1, 1); 0 takes what the histogram asks for.
        """
        automatic = self.amplifier(image)
        given = torch.as_tensor(amplification, dtype=image.dtype, device=image.device)
        factor = torch.where(given > 0, given, automatic)
        cells = pack(torch.minimum(image * factor, self.headroom), 2)  # R, G, G, B at half the size
        found = [
            torch.relu(plane(pack(cells[:, index : index + 1], 8)))
            for index, plane in enumerate(self.planes)
        ]
        first = self.merge(torch.cat(found, dim=1))
        seen, outputs = first, list[Tensor]()
        for block in self.blocks:
            seen = block(seen)
            outputs.append(seen)
        fused = self.fuse(torch.cat(outputs, dim=1)) + first
        refined = self.refine(unpack(fused, 2))
        return Developed(self._finish(refined), automatic)

    def _finish(self, features: Tensor) -> Tensor:
        (ending, layer), *_ = self.picture.items()
        packed = layer(features)
        if ending == "sigmoid":
            packed = torch.sigmoid(packed)
        if not self.training:  # what learns is measured without help
            packed = self._joined(self._joined(packed, 1), 2)
        return unpack_colours(packed.clamp(0, 1), BLOCK)

    def _joined(self, packed: Tensor, axis: Literal[1, 2]) -> Tensor:
        """Let blocks meet downwards or to the right, axis 1 or 2: (N, 192, H, W), packed, → same.

        A step e across a border is what exceeds the mean of the slopes s, t before and behind it.
        Pixels beside it take `SHARES` of e · max(1 − (e² + w·(s² + t²)) / L², 0), w and L as above.
        Source: ours; such filters stand in video codecs, as in H.264, section 8.7.
        """
        cells = packed.reshape(-1, BLOCK, BLOCK, 3, *packed.shape[-2:])
        first, second, middle, before, last = cells.split((1, 1, BLOCK - 4, 1, 1), dim=axis)
        blocks = axis + 3
        borders = cells.shape[blocks] - 1
        step = self._steps(
            *(ends.narrow(blocks, 0, borders) for ends in (before, last)),
            *(begins.narrow(blocks, 1, borders) for begins in (first, second)),
        )
        columns = (0, 0) * (2 - axis)
        ahead, behind = (functional.pad(step, (*columns, *side)) for side in ((0, 1), (1, 0)))
        near, far = SHARES
        begun = (first - near * behind, second - far * behind)
        ended = (before + far * ahead, last + near * ahead)
        return torch.cat((*begun, middle, *ended), dim=axis).reshape_as(packed)

    def _steps(self, before: Tensor, last: Tensor, first: Tensor, second: Tensor) -> Tensor:
        """Return the steps to take away, from the two pixels on each side of every border."""
        ends, begins = last - before, second - first
        step = first - last - (ends + begins) / 2
        size = step * step + SLOPE_WEIGHT * (ends * ends + begins * begins)
        return step * torch.relu(self.blend - size / LARGEST_STEP**2)


Network = PackNetwork
"""The name by which training, import and export find a method's network."""

_PUBLISHED = (
    (r"RDBr\b", "planes.0"),
    (r"RDBg1\b", "planes.1"),
    (r"RDBg2\b", "planes.2"),
    (r"RDBb\b", "planes.3"),
    (r"before_identity\b", "merge"),
    (r"after_rdb\b", "fuse"),
    (r"RDB1\b", "blocks.0"),
    (r"RDB2\b", "blocks.1"),
    (r"RDB3\b", "blocks.2"),
    (r"final\.1\b", "refine"),
    (r"final\.2\b", "picture.{ending}"),
    (r"amplifier\.conv_post\.0\b", "amplifier.hidden"),
    (r"amplifier\.conv_post\.1\b", "amplifier.factor"),
)
"""Beginnings of published names and ours; version 2 has a `.0` behind most layers."""


def from_state(state: dict[str, Tensor]) -> PackNetwork:
    """Build the network that a set of parameters belongs to, ours or as published, for inference.

    Weight normalisation is folded. Where no amplifier is among the parameters, as in the published
    version 2, the automatic amplification is 1.
    Raises: RuntimeError from torch where names or shapes do not fit.
    """
    ending = "sigmoid" if any(name.endswith("weight_g") for name in state) else "clip"
    state = {_our_name(name, ending=ending): value for name, value in state.items()}
    plain = {"headroom": torch.tensor(torch.inf), "blend": torch.zeros(())}
    state = plain | fold_state(state)
    if not any(name.startswith("amplifier.") for name in state):
        nothing = LinearAmplifier()
        nn.init.zeros_(nothing.factor.weight)
        state |= {f"amplifier.{name}": value for name, value in nothing.state_dict().items()}
    network = PackNetwork(
        convolution="plain",
        ending="sigmoid" if "picture.sigmoid.weight" in state else "clip",
        amplifier="linear" if "amplifier.factor.weight" in state else "stops",
    )
    network.load_state_dict(state)
    return network


def _our_name(published: str, *, ending: str) -> str:
    for pattern, ours in _PUBLISHED:
        found = re.match(pattern, published)
        if found:
            rest = published[found.end() :]
            rest = re.sub(r"^\.0(?=\.(weight|bias))", "", rest)
            rest = re.sub(r"^\.dense_layers\.(\d+)\.conv(\.0)?", r".grow.\1", rest)
            rest = re.sub(r"^\.conv_1x1(\.0)?", ".fuse", rest)
            return ours.format(ending=ending) + rest
    return published
