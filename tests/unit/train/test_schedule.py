"""The learning rate over a training."""

from __future__ import annotations

from dataclasses import replace

import pytest

from relume.train.recipe import Optimiser
from relume.train.schedule import factor


def _at(optimiser: Optimiser, *places: float, epoch: int = 0) -> list[float]:
    return [factor(place, epoch=epoch, optimiser=optimiser) for place in places]


def test_constant_and_linear_and_cosine() -> None:
    constant = Optimiser(schedule="constant")
    assert _at(constant, 0, 0.5, 1) == [1, 1, 1]
    linear = replace(constant, schedule="linear", floor=0.1)
    assert _at(linear, 0, 0.5, 1) == pytest.approx([1, 0.55, 0.1])
    cosine = replace(linear, schedule="cosine")
    assert _at(cosine, 0, 0.5, 1) == pytest.approx([1, 0.55, 0.1])
    assert _at(cosine, 0.25) == pytest.approx([0.1 + 0.9 * 0.8535534])
    assert _at(cosine, -1, 2) == pytest.approx([1, 0.1])  # the clock may run over


def test_step_counts_epochs() -> None:
    # PairLIE: halved every 100 of 400 epochs.
    halved = Optimiser(schedule="step", step_every=100, step_factor=0.5)
    found = [factor(0, epoch=epoch, optimiser=halved) for epoch in (0, 99, 100, 399)]
    assert found == [1, 1, 0.5, 0.125]


def test_cycles_warm_up_and_start_again_lower() -> None:
    # HVR-SSLE: two cycles, each with 5 % warm-up, the second peak × 0.2, a floor of 1e-9.
    cycles = Optimiser(schedule="cosine", cycles=2, warm_up=0.05, cycle_factor=0.2, floor=2e-6)
    assert _at(cycles, 0.0125, 0.025) == pytest.approx([0.5, 1])
    assert _at(cycles, 0.5 - 1e-9, 1) == pytest.approx([2e-6, 2e-6], abs=1e-8)
    assert _at(cycles, 0.5125, 0.525) == pytest.approx([0.1, 0.2])
    assert 0 < _at(cycles, 0)[0] < 0.01
    values = _at(cycles, *(n / 1000 for n in range(1001)))
    assert max(values) == pytest.approx(1)
    assert min(values) > 0


def test_warm_up_serves_every_schedule() -> None:
    for schedule in ("constant", "linear", "step"):
        optimiser = Optimiser(schedule=schedule, warm_up=0.2)
        assert _at(optimiser, 0.1, 0.2) == pytest.approx([0.5, 1])
