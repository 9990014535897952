"""The base of all objectives."""

from __future__ import annotations

from typing import ClassVar, NamedTuple

import torch
from torch import Tensor, nn

from relume.losses import objective
from relume.losses.objective import Batch, Terms, View


class Out(NamedTuple):
    enhanced: Tensor


class Double(nn.Module):
    def forward(self, image: Tensor) -> Out:
        return Out(image * 2)


class Mean(objective.Objective):
    needs: ClassVar[View] = "low"

    def forward(self, network: nn.Module, batch: Batch) -> Terms:
        return {"mean": network(batch["low"]).enhanced.mean()}


def test_one_round_unless_overridden() -> None:
    batch = {"low": torch.full((1, 3, 2, 2), 0.25)}
    rounds = list(Mean().rounds(Double(), batch))
    assert rounds == [{"mean": torch.tensor(0.5)}]


def test_compares_what_users_see() -> None:
    batch = {"low": torch.full((1, 3, 2, 2), 0.25), "high": torch.ones(1, 3, 2, 2)}
    enhanced, high = Mean().compare(Double(), batch)
    assert torch.equal(enhanced, batch["low"] * 2)
    assert high is batch["high"]
