"""What LLPackNet minimises: the distance to the developed long exposure, near and blurred.

Lamba, Balaji and Mitra, BMVC 2020, arXiv 2011.14133, section 3.3. Every argument of `Objective`
may stand in the section `objective` of a recipe.
"""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, Literal, TypeAlias

import numpy as np
import torch
from torch import Tensor, nn

from relume.losses import objective
from relume.losses.blurred import blurred_squared_error
from relume.losses.neighbours import border_error, neighbour_error
from relume.losses.objective import Batch, Terms, View
from relume.losses.perceptual import FeatureDistance
from relume.losses.total_variation import squared_total_variation
from relume.methods.llpacknet.charts import draw_chart
from relume.methods.llpacknet.network import BLOCK

CELL = 16
"""Sides are multiples of it."""
CHARTS = 2
"""Drawn for each step."""
CHART_SIDE = 128
Protocol: TypeAlias = Literal["automatic", "ratio", "alternating"]


class Objective(objective.Objective):
    """Absolute error, sparse parameters, smoothness, blurred error and features, weighted.

    Smoothness and the blurred error weigh `smoothness[0]` and `blurred[0]` in the first
    `first_phase` steps, then what comes second. The features need `vgg_weights`, a file of
    VGG-19's parameters; without it the term is left out. `amplification` says what training
    pictures are multiplied by: what the histogram asks for, the ratio of the exposures, or each for
    every other picture. Four terms are ours, and off unless weighed: `stops`, the amplifier's own
    error in stops; `neighbours`, the error of differences between neighbours; `borders`, the same
    where they cross the border of two blocks, so that no grid shows; `charts`, the absolute error
    and these two of drawn charts whose colours are more vivid than those of photographs.
    """

    needs: ClassVar[View] = "mosaic_srgb"

    def __init__(
        self,
        *,
        amplification: Protocol = "automatic",
        absolute: float = 1.0,
        sparsity: float = 1e-6,
        smoothness: tuple[float, float] = (1000.0, 400.0),
        blurred: tuple[float, float] = (10.0, 1.0),
        first_phase: int = 20_000,
        perceptual: float = 3.0,
        vgg_weights: str = "",
        stops: float = 0.0,
        neighbours: float = 0.0,
        borders: float = 0.0,
        charts: float = 0.0,
    ) -> None:
        super().__init__()
        self.amplification: Protocol = amplification
        self.absolute = absolute
        self.sparsity = sparsity
        self.smoothness = smoothness
        self.blurred = blurred
        self.first_phase = first_phase
        self.perceptual = perceptual
        self.stops = stops
        self.neighbours = neighbours
        self.borders = borders
        self.charts = charts
        self.distance = FeatureDistance(weights=Path(vgg_weights)) if vgg_weights else None
        self.steps: Tensor
        self.register_buffer("steps", torch.zeros((), dtype=torch.int64))

    def forward(self, network: nn.Module, batch: Batch) -> Terms:
        mosaic, high, ratio = batch["mosaic"], batch["srgb"], batch["ratio"]
        enhanced, automatic = network(mosaic, self._amplification(ratio))
        phase = 0 if self.steps < self.first_phase else 1
        self.steps += 1
        terms = {
            "absolute": self.absolute * (enhanced - high).abs().mean(),
            "sparsity": self.sparsity * _sum_of_sizes(network),
            "smoothness": self.smoothness[phase] * _smoothness(enhanced),
            "blurred": self.blurred[phase] * blurred_squared_error(enhanced, high),
        }
        if self.distance is not None:
            terms["perceptual"] = self.perceptual * self.distance(enhanced, high)
        if self.neighbours:
            terms["neighbours"] = self.neighbours * neighbour_error(enhanced, high)
        if self.borders:
            terms["borders"] = self.borders * border_error(enhanced, high, block=BLOCK)
        if self.charts:
            terms["charts"] = self.charts * self._error_of_charts(network, like=high)
        if self.stops:
            error = torch.log2(automatic.flatten()) - torch.log2(ratio)
            terms["stops"] = self.stops * error.abs().mean()
        return terms

    def compare(self, network: nn.Module, batch: Batch) -> tuple[Tensor, Tensor]:
        """Develop whole mosaics with automatic amplification; what is no full cell is cut off."""
        height, width = (side - side % CELL for side in batch["mosaic"].shape[-2:])
        enhanced, _ = network(batch["mosaic"][..., :height, :width])
        return enhanced, batch["srgb"][..., :height, :width]

    def _error_of_charts(self, network: nn.Module, *, like: Tensor) -> Tensor:
        """Draw charts, others each step but the same each time, and weigh what is made of them."""
        random = np.random.default_rng(int(self.steps))
        charts = [draw_chart(side=CHART_SIDE, random=random) for _ in range(CHARTS)]
        mosaic = like.new_tensor(np.stack([chart.mosaic for chart in charts])[:, None])
        drawn = like.new_tensor(np.stack([chart.picture.transpose(2, 0, 1) for chart in charts]))
        ratio = like.new_tensor([chart.ratio for chart in charts])[:, None, None, None]
        enhanced = network(mosaic, ratio)[0]
        return (
            self.absolute * (enhanced - drawn).abs().mean()
            + self.neighbours * neighbour_error(enhanced, drawn)
            + self.borders * border_error(enhanced, drawn, block=BLOCK)
        )

    def _amplification(self, ratio: Tensor) -> Tensor:
        """Return one number for each picture, 0 where the histogram decides."""
        given = torch.zeros_like(ratio)
        if self.amplification == "ratio":
            given = ratio.clone()
        elif self.amplification == "alternating":
            given[::2] = ratio[::2]
        return given[:, None, None, None]


def _sum_of_sizes(network: nn.Module) -> Tensor:
    return torch.stack([value.abs().sum() for value in network.parameters()]).sum()


def _smoothness(picture: Tensor) -> Tensor:
    """Average the squared differences of neighbours and divide once more by the values of a
    picture, as the published code does."""
    channels, height, width = picture.shape[1:]
    return squared_total_variation(picture) / channels / (channels * height * width)
