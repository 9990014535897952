"""A moving average of weights: it follows a short training with less noise than its last step."""

from __future__ import annotations

from copy import deepcopy

import torch
from torch import Tensor, nn


class Average(nn.Module):
    """θ̄ ← d·θ̄ + (1 − d)·θ after every step, d = min(decay, (1 + steps)/(10 + steps)).

    The smaller decay of the first steps forgets the random beginning.
    """

    steps: Tensor

    def __init__(self, network: nn.Module, *, decay: float) -> None:
        super().__init__()
        self.decay = decay
        self.network = deepcopy(network).requires_grad_(False).eval()
        self.register_buffer("steps", torch.zeros((), dtype=torch.long))
        self._taken: int | None = None

    def train(self, mode: bool = True) -> Average:
        """Stay in evaluation mode: nobody trains it."""
        return super().train(False)

    @torch.no_grad()
    def follow(self, network: nn.Module) -> None:
        """Take the weights of a step into the average; buffers are copied."""
        # A number of our own, so that no device is waited for; the buffer travels in checkpoints.
        taken = int(self.steps) if self._taken is None else self._taken
        decay = min(self.decay, (1 + taken) / (10 + taken))
        for own, other in zip(self.network.parameters(), network.parameters(), strict=True):
            own.lerp_(other, 1 - decay)
        for own, other in zip(self.network.buffers(), network.buffers(), strict=True):
            own.copy_(other)
        self.steps += 1
        self._taken = taken + 1
