"""What IllRecNet minimises: its distance from the well-exposed picture, three ways.

Every argument of `Objective` may stand in the section `objective` of a recipe.
"""

from __future__ import annotations

from typing import ClassVar

from torch import nn
from torch.nn import functional

from relume.losses import objective
from relume.losses.objective import Batch, Terms, View
from relume.losses.ssim import dissimilarity


class Objective(objective.Objective):
    """Mean absolute error, mean squared error and 1 − SSIM, weighted.

    A weight of 0 leaves a term out and costs nothing.
    """

    needs: ClassVar[View] = "low_high"

    def __init__(
        self, *, absolute: float = 1.0, squared: float = 1.0, structure: float = 1.0
    ) -> None:
        super().__init__()
        self.weights = {"absolute": absolute, "squared": squared, "structure": structure}

    def forward(self, network: nn.Module, batch: Batch) -> Terms:
        enhanced, high = network(batch["low"]).enhanced, batch["high"]
        terms = {
            "absolute": functional.l1_loss,
            "squared": functional.mse_loss,
            "structure": dissimilarity,
        }
        return {
            name: self.weights[name] * term(enhanced, high)
            for name, term in terms.items()
            if self.weights[name]
        }
