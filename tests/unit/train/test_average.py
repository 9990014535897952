"""A moving average of weights."""

from __future__ import annotations

import torch
from torch import nn

from relume.train.average import Average


def _with(value: float) -> nn.Module:
    network = nn.BatchNorm1d(2)
    with torch.no_grad():
        for tensor in (*network.parameters(), network.running_mean):
            assert tensor is not None
            tensor.fill_(value)
    return network


def test_follows_with_the_decay_of_its_age() -> None:
    average = Average(_with(1.0), decay=0.5)
    seen: list[float] = []
    expected, taken = 1.0, 0
    for value in (2.0, 3.0, 3.0, 3.0, 3.0, 3.0, 3.0, 3.0, 3.0, 3.0):
        average.follow(_with(value))
        decay = min(0.5, (1 + taken) / (10 + taken))
        expected, taken = decay * expected + (1 - decay) * value, taken + 1
        seen.append(abs(float(average.network.weight[0]) - expected))  # pyright: ignore[reportArgumentType, reportIndexIssue]
    assert max(seen) < 1e-6
    assert float(average.network.running_mean[0]) == 3.0  # buffers are copied


def test_nobody_trains_it_and_checkpoints_keep_its_age() -> None:
    average = Average(_with(1.0), decay=0.9).train()
    assert not average.network.training
    assert not any(value.requires_grad for value in average.parameters())
    average.follow(_with(2.0))
    again = Average(_with(0.0), decay=0.9)
    again.load_state_dict(average.state_dict())
    for one in (average, again):
        one.follow(_with(5.0))
    assert torch.equal(average.network.weight, again.network.weight)
