"""What every objective looks like: it receives the network, so one signature fits all regimes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import ClassVar, Literal, TypeAlias

from torch import Tensor, nn

View: TypeAlias = Literal["low", "low_high", "two_exposures", "normal", "mosaic_srgb"]
"""What of a scene an objective wants to see."""

Batch: TypeAlias = dict[str, Tensor]
"""Pictures by their role, each float32 (N, C, H, W) in [0, 1].

| view          | roles                                                           |
|---------------|-----------------------------------------------------------------|
| low           | low                                                             |
| low_high      | low, high                                                       |
| two_exposures | first, second                                                   |
| normal        | normal                                                          |
| mosaic_srgb   | mosaic (N, 1, H, W), srgb (N, 3, H, W), ratio (N,), at least 1  |
"""

Terms: TypeAlias = dict[str, Tensor]
"""Named weighted summands, each a scalar; their sum is minimised."""


class Objective(nn.Module, ABC):
    """What is minimised."""

    needs: ClassVar[View]

    @abstractmethod
    def forward(self, network: nn.Module, batch: Batch) -> Terms:
        """Let the network work on a batch and return the weighted terms."""

    def rounds(self, network: nn.Module, batch: Batch) -> Iterator[Terms]:
        """Yield the terms of each optimiser step on a batch; one step unless overridden.

        The optimiser steps while this generator waits, so what follows a `yield` sees the changed
        network. Detach what is carried from one round to the next.
        """
        yield self(network, batch)

    def enhance(self, network: nn.Module, low: Tensor) -> Tensor:
        """Enhance pictures as users will, for validation; (N, 3, H, W) → the same."""
        return network(low)[0]

    def compare(self, network: nn.Module, batch: Batch) -> tuple[Tensor, Tensor]:
        """Return enhanced pictures and their references, for validation; both (N, 3, H, W).

        Overridden where the input is no sRGB picture.
        """
        return self.enhance(network, batch["low"]), batch["high"]
