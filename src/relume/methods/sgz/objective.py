"""What SGZ minimises: five terms that look at dark pictures alone.

Zheng and Gupta, WACVW 2022, arXiv 2110.00970, section 3.3. Every argument of `Objective` may
stand in the section `objective` of a recipe.
"""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import torch
from torch import Tensor, nn

from relume.losses import objective
from relume.losses.colour import colour_constancy
from relume.losses.exposure import exposure
from relume.losses.focal import self_labelled_focal
from relume.losses.objective import Batch, Terms, View
from relume.losses.spatial import spatial_consistency
from relume.losses.total_variation import squared_total_variation
from relume.nn.segmentation import Backbone, Segmentation


class Objective(objective.Objective):
    """Smoothness, spatial consistency, colour constancy, exposure and semantics, weighted.

    `scale` is the reduction the network estimates at in training, where pictures may come reduced
    already, and `validation_scale` that at which pairs are measured. The segmentation network is
    frozen; without
    `backbone_weights` it starts at random from `segmentation_seed`, so it is the same in every
    run. A weight of 0 leaves a term out and costs nothing.
    """

    needs: ClassVar[View] = "low"

    def __init__(
        self,
        *,
        scale: int = 1,
        validation_scale: int = 12,
        smoothness: float = 1600.0,
        spatial: float = 1.0,
        spatial_patch: int = 4,
        colour: float = 5.0,
        exposure: float = 10.0,
        exposure_level: float = 0.6,
        exposure_patch: int = 16,
        semantic: float = 0.0,
        classes: int = 21,
        backbone: Backbone = "resnet50",
        backbone_weights: str = "",
        segmentation_seed: int = 0,
    ) -> None:
        super().__init__()
        self.scale = scale
        self.validation_scale = validation_scale
        self.spatial_patch = spatial_patch
        self.exposure_level = exposure_level
        self.exposure_patch = exposure_patch
        self.weights = {
            "smoothness": smoothness,
            "spatial": spatial,
            "colour": colour,
            "exposure": exposure,
            "semantic": semantic,
        }
        self.segmentation: nn.Module | None = None
        if semantic:
            with torch.random.fork_rng(devices=[]):
                torch.manual_seed(segmentation_seed)
                path = Path(backbone_weights) if backbone_weights else None
                network = Segmentation(backbone=backbone, classes=classes, weights=path)
            self.segmentation = network.requires_grad_(False).eval()

    def train(self, mode: bool = True) -> Objective:
        """Stay in evaluation mode: the statistics of the frozen segmentation must not move."""
        return super().train(False)

    def enhance(self, network: nn.Module, low: Tensor) -> Tensor:
        return network(low, self.validation_scale).enhanced

    def forward(self, network: nn.Module, batch: Batch) -> Terms:
        low = batch["low"]
        enhanced, curve = network(low, self.scale)
        terms = {
            "smoothness": squared_total_variation(curve),
            "spatial": spatial_consistency(low, enhanced, patch=self.spatial_patch),
            "colour": colour_constancy(enhanced),
            "exposure": exposure(enhanced, level=self.exposure_level, patch=self.exposure_patch),
        }
        if self.segmentation is not None:
            terms["semantic"] = self_labelled_focal(self.segmentation(enhanced))
        return {
            name: self.weights[name] * value for name, value in terms.items() if self.weights[name]
        }
