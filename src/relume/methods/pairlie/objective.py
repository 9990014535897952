"""What PairLIE minimises: two exposures of one scene share their reflectance.

Fu et al., CVPR 2023, section 3. Every argument of `Objective` may stand in the section
`objective` of a recipe.
"""

from __future__ import annotations

from typing import ClassVar, Literal, TypeAlias, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from relume.losses import objective
from relume.losses.objective import Batch, Terms, View
from relume.losses.total_variation import central_variation
from relume.methods.pairlie.network import DARKEST, RetinexNetwork, Split

Applied: TypeAlias = Literal["first", "both"]


class Objective(objective.Objective):
    """Consistency C = MSE(R₁, R₂), Retinex, smoothness of L, and projection, weighted.

    `applied_to` says whose Retinex, smoothness and projection terms count: those of the `first`
    picture as in the published code, or the mean over `both`. A weight of 0 leaves a term out.
    """

    needs: ClassVar[View] = "two_exposures"

    def __init__(
        self,
        *,
        consistency: float = 1.0,
        retinex: float = 1.0,
        smoothness: float = 1.0,
        projection: float = 500.0,
        applied_to: Applied = "first",
    ) -> None:
        super().__init__()
        self.weights = {
            "consistency": consistency,
            "retinex": retinex,
            "smoothness": smoothness,
            "projection": projection,
        }
        self.applied_to: Applied = applied_to

    def forward(self, network: nn.Module, batch: Batch) -> Terms:
        first, second = batch["first"], batch["second"]
        split = cast("RetinexNetwork", network).split(torch.cat((first, second)))
        ours, theirs = (Split(*parts) for parts in zip(*(p.chunk(2) for p in split), strict=True))
        consistency = functional.mse_loss(ours.reflectance, theirs.reflectance)
        if self.applied_to == "both":
            image, kept = torch.cat((first, second)), split
        else:
            image, kept = first, ours
        terms = {
            "consistency": consistency,
            "retinex": retinex(image, kept),
            "smoothness": central_variation(kept.illumination),
            "projection": functional.mse_loss(image, kept.projection),
        }
        return {
            name: self.weights[name] * value for name, value in terms.items() if self.weights[name]
        }


def retinex(image: Tensor, split: Split) -> Tensor:
    """Measure how far a split is from Retinex: L·R = p, R = p / L, L near the largest channel.

    MSE(L·R, p) + MSE(R, p / L, without gradient to this L) + MSE(L, max_c x).
    (N, 3, H, W) in [0, 1] → ≥ 0. Source: PairLIE (Fu et al., CVPR 2023), section 3, whose
    smoothness is a term of its own here.
    """
    projection, illumination, reflectance = split
    quotient = projection / illumination.detach().clamp(min=DARKEST)
    return (
        functional.mse_loss(illumination * reflectance, projection)
        + functional.mse_loss(reflectance, quotient)
        + functional.mse_loss(illumination, image.amax(dim=1, keepdim=True))
    )
