"""The one Lightning module: network, objective, optimiser."""

from __future__ import annotations

from math import cos, pi

import lightning
import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR

from relume.errors import RelumeError
from relume.losses.objective import Batch, Objective
from relume.train.recipe import Optimiser

FLOOR = 0.02
"""What is left of the learning rate at the end of a cosine schedule: late steps still refine."""


class DivergedError(RelumeError):
    """Training whose objective is no longer a number."""


class Trainee(lightning.LightningModule):
    """A network that learns to make an objective small."""

    def __init__(self, *, network: nn.Module, objective: Objective, optimiser: Optimiser) -> None:
        super().__init__()
        self.network = network
        self.objective = objective
        self.optimiser = optimiser

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        terms = self.objective(self.network, batch)
        total = torch.stack(list(terms.values())).sum()
        if not torch.isfinite(total):
            values = ", ".join(f"{name} {value.item():g}" for name, value in terms.items())
            raise DivergedError(
                f"the objective is not finite at step {self.global_step} ({values}); lower "
                "optimiser.learning_rate or optimiser.clip_norm and continue with --resume"
            )
        logged = {f"train/{name}": value.detach() for name, value in terms.items()}
        self.log_dict({**logged, "train/total": total.detach()})
        self.log("total", total.detach(), prog_bar=True, logger=False)
        return total

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        """Measure plain PSNR on 8-bit values, per picture; nothing is learned from it."""
        enhanced = self.objective.enhance(self.network, batch["low"])
        rounded = (enhanced.clamp(0, 1) * 255).round() / 255
        error = (rounded - batch["high"]).square().mean(dim=(1, 2, 3))
        psnr = -10 * error.clamp(min=1e-10).log10()
        self.log("valid/psnr", psnr.mean(), batch_size=len(psnr), prog_bar=True)

    def configure_optimizers(self) -> Optimizer | tuple[list[Optimizer], list[LambdaLR]]:
        parameters = [value for value in self.network.parameters() if value.requires_grad]
        made: Optimizer = getattr(torch.optim, self.optimiser.name)(
            parameters, lr=self.optimiser.learning_rate, weight_decay=self.optimiser.weight_decay
        )
        if self.optimiser.schedule == "constant":
            return made
        last = max(1, self.trainer.max_epochs or 1)

        def cosine(epoch: int) -> float:
            return FLOOR + (1 - FLOOR) * 0.5 * (1 + cos(pi * min(epoch / last, 1.0)))

        return [made], [LambdaLR(made, cosine)]
