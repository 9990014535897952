"""How much of a training is over: counted in batches, or by the clock where minutes are given."""

from __future__ import annotations

import time
from typing import Any

import lightning

from relume.train.recipe import Training


class Clock:
    """Batches and seconds, those before a resumption included.

    By the clock, a schedule ends when the time ends however busy the machine is, and a resumed
    training has the time that was left. By batches, the same batches give the same results.
    """

    def __init__(self, training: Training, *, batches_per_epoch: int) -> None:
        self.seconds = 60 * training.minutes
        self.total = training.steps or training.epochs * batches_per_epoch
        self.batches = 0
        self.share = 0.0
        self._before = 0.0
        self._began = time.monotonic()

    def begin(self) -> None:
        """Start to count seconds."""
        self._began = time.monotonic()

    def elapsed(self) -> float:
        """Return the seconds of all runs together."""
        return self._before + time.monotonic() - self._began

    def look(self, module: lightning.LightningModule) -> float:
        """Return how much is over, from 0 to 1, and keep it; the same in all processes."""
        self.share = min(1.0, self._fraction())
        if self.seconds and module.trainer.world_size > 1:
            self.share = module.trainer.strategy.broadcast(self.share)
        return self.share

    def _fraction(self) -> float:
        return self.elapsed() / self.seconds if self.seconds else self.batches / self.total

    def is_over(self) -> bool:
        """Tell whether the last batch was the last."""
        return self.share >= 1.0 if self.seconds else self.batches >= self.total

    def state(self) -> dict[str, Any]:
        return {"batches": self.batches, "seconds": self.elapsed()}

    def restore(self, state: dict[str, Any]) -> None:
        self.batches = state.get("batches", 0)
        self._before = state.get("seconds", 0.0)
