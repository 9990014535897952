"""The one Lightning module: network, objective, optimiser, and what they measure."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from typing import Any
from zlib import crc32

import lightning
import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from relume.errors import RelumeError
from relume.losses.objective import Batch, Objective, Terms
from relume.losses.ssim import WINDOW
from relume.train.average import Average
from relume.train.clock import Clock
from relume.train.measure import in_8_bits, psnr, ssim
from relume.train.optimisers import make_optimiser
from relume.train.recipe import Optimiser, Training
from relume.train.recipe_training import Monitor
from relume.train.schedule import factor


class DivergedError(RelumeError):
    """Training whose objective is no longer a number."""


class Trainee(lightning.LightningModule):
    """A network that learns to make an objective small.

    `measured` holds what the last validation found, by name.
    """

    def __init__(
        self,
        *,
        network: nn.Module,
        objective: Objective,
        optimiser: Optimiser,
        training: Training,
        clock: Clock,
        monitor: Monitor = "",
    ) -> None:
        super().__init__()
        self.automatic_optimization = False
        self.network = network
        self.objective = objective
        self.optimiser = optimiser
        self.plan = training
        self.monitor = monitor
        self.clock = clock
        self.average = Average(network, decay=training.averaging) if training.averaging else None
        self.measured: dict[str, float] = {}
        self.epoch_total: Tensor = torch.zeros(())
        self.epoch_batches = 0
        self._sums: dict[str, list[Tensor]] = {}

    @property
    def judged(self) -> nn.Module:
        """The network that validates and is exported: the average, where there is one."""
        return self.average.network if self.average else self.network

    def training_step(self, batch: Batch, batch_idx: int) -> None:
        self._seed(self.clock.batches, 0)
        made: Any = self.optimizers()
        progress = self.clock.look(self)
        rate = factor(progress, epoch=self.current_epoch, optimiser=self.optimiser)
        for group in made.param_groups:
            group["lr"] = self.optimiser.learning_rate * rate
        terms: Terms = {}
        for terms in self.objective.rounds(self.network, batch):
            total = torch.stack([value.float() for value in terms.values()]).sum()
            if not torch.isfinite(total):
                raise DivergedError(self._divergence(terms))
            made.zero_grad()
            self.manual_backward(total)
            made.step()
            if self.average:
                self.average.follow(self.network)
        self._note(terms, rate)
        self.clock.batches += 1

    def on_before_optimizer_step(self, optimizer: Optimizer) -> None:
        """Clip here, where gradients of mixed precision have their real size again."""
        if self.optimiser.clip_norm:
            nn.utils.clip_grad_norm_(self.network.parameters(), self.optimiser.clip_norm)

    def on_train_epoch_start(self) -> None:
        self.epoch_total = torch.zeros((), device=self.device)
        self.epoch_batches = 0

    def on_validation_epoch_start(self) -> None:
        self._sums = {}

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        """Measure per picture; nothing is learned from it."""
        self._seed(batch_idx, 1)
        if "high" in batch or "srgb" in batch:
            enhanced, reference = map(in_8_bits, self.objective.compare(self.judged, batch))
            self._add("psnr", psnr(enhanced, reference))
            if min(enhanced.shape[-2:]) >= WINDOW:
                self._add("ssim", ssim(enhanced, reference))
        if self.monitor == "total":
            terms = self.objective(self.judged, batch)
            total = torch.stack([value.float() for value in terms.values()]).sum()
            self._add("total", total.expand(len(next(iter(batch.values())))))

    def on_validation_epoch_end(self) -> None:
        self.measured = {
            name: float(torch.cat(values).mean()) for name, values in self._sums.items()
        }
        self._log({f"valid/{name}": value for name, value in self.measured.items()})

    @torch.no_grad()
    def validate_all(self, batches: Iterable[Batch]) -> None:
        """Validate outside of Lightning's own rhythm."""
        with self.evaluating(), self.trainer.precision_plugin.forward_context():
            self.on_validation_epoch_start()
            for index, batch in enumerate(batches):
                there = {role: image.to(self.device) for role, image in batch.items()}
                self.validation_step(there, index)
            self.on_validation_epoch_end()

    def configure_optimizers(self) -> Optimizer:
        parameters = [value for value in self.network.parameters() if value.requires_grad]
        return make_optimiser(parameters, self.optimiser)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        checkpoint["relume"] = {
            "clock": self.clock.state(),
            "measured": self.measured,
            "epoch": (self.epoch_batches, self.epoch_total.cpu()),
        }

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        own = checkpoint.get("relume", {})
        self.clock.restore(own.get("clock", {}))
        self.measured = own.get("measured", {})
        # Of one that was stopped within an epoch; the next epoch begins at 0.
        self.epoch_batches, self.epoch_total = own.get("epoch", (0, self.epoch_total))

    def mean_total(self) -> float:
        """Return the mean of the objective over the batches of this epoch."""
        return float(self.epoch_total) / max(1, self.epoch_batches)

    @contextmanager
    def evaluating(self) -> Generator[None]:
        """Let networks behave as at run time for a while, with random numbers of no consequence."""
        before = self.training
        self.eval()
        self._seed(0, 1)
        try:
            yield
        finally:
            self.train(before)

    def _seed(self, number: int, kind: int) -> None:
        """Let number and seed alone decide what the network or the objective draw."""
        rank = self.global_rank if kind == 0 else 0
        torch.manual_seed(crc32(f"{self.plan.seed} {kind} {rank} {number}".encode()))

    def _note(self, terms: Terms, rate: float) -> None:
        total = torch.stack([value.detach().float() for value in terms.values()]).sum()
        self.epoch_total = self.epoch_total.to(total.device) + total
        self.epoch_batches += 1
        if (self.clock.batches + 1) % self.plan.log_every == 0:
            values = {f"train/{name}": float(value.detach()) for name, value in terms.items()}
            speed = {"train/learning_rate": self.optimiser.learning_rate * rate}
            self._log({**values, "train/total": float(total), **speed})

    def _log(self, values: dict[str, float]) -> None:
        for logger in self.loggers:
            logger.log_metrics(values, step=self.clock.batches)

    def _add(self, name: str, values: Tensor) -> None:
        self._sums.setdefault(name, []).append(values.float())

    def _divergence(self, terms: Terms) -> str:
        values = ", ".join(f"{name} {value.item():g}" for name, value in terms.items())
        return (
            f"the objective is not finite at step {self.clock.batches} ({values}); lower "
            "optimiser.learning_rate or optimiser.clip_norm and continue with --resume"
        )


def numbers(network: nn.Module) -> Iterator[Tensor]:
    """Yield the parameters and buffers that hold fractions."""
    for value in network.state_dict().values():
        if value.is_floating_point():
            yield value
