"""What every objective looks like: it receives the network, so one signature fits all regimes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar, Literal, TypeAlias

from torch import Tensor, nn

View: TypeAlias = Literal["low", "low_high", "two_exposures", "normal", "mosaic_srgb"]
"""What of a scene an objective wants to see."""

Batch: TypeAlias = dict[str, Tensor]
"""Pictures by their role, "low", "high", …, each (N, C, H, W) in [0, 1]."""

Terms: TypeAlias = dict[str, Tensor]
"""Named weighted summands, each a scalar; their sum is minimised."""


class Objective(nn.Module, ABC):
    """What is minimised."""

    needs: ClassVar[View]

    @abstractmethod
    def forward(self, network: nn.Module, batch: Batch) -> Terms:
        """Let the network work on a batch and return the weighted terms."""

    def enhance(self, network: nn.Module, low: Tensor) -> Tensor:
        """Enhance pictures as users will, for validation; (N, 3, H, W) → the same."""
        return network(low)[0]
