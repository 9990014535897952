"""Errors of what lies between neighbours."""

from __future__ import annotations

import pytest
import torch

from relume.losses.neighbours import border_error, neighbour_error

BLOCK = 4


def test_a_constant_difference_costs_nothing() -> None:
    picture = torch.rand(2, 3, 12, 16)
    assert neighbour_error(picture + 0.3, picture).item() == pytest.approx(0, abs=1e-6)
    assert border_error(picture + 0.3, picture, block=BLOCK).item() == pytest.approx(0, abs=1e-6)


def test_a_ramp_costs_its_slope_everywhere() -> None:
    picture = torch.rand(1, 3, 12, 16)
    ramp = 0.01 * torch.arange(16.0) + 0.02 * torch.arange(12.0)[:, None]
    for error in (
        neighbour_error(picture + ramp, picture),
        border_error(picture + ramp, picture, block=BLOCK),
    ):
        assert error.item() == pytest.approx(0.03, rel=1e-4)


def test_blocks_of_other_levels_show_at_their_borders_alone() -> None:
    picture = torch.zeros(1, 1, 12, 16)
    blocks = (torch.arange(12)[:, None] // BLOCK + torch.arange(16) // BLOCK) % 2 * 0.1
    # Two of the eleven steps downwards cross a border, three of the fifteen to the right.
    expected = 0.1 * (2 / 11 + 3 / 15)
    assert neighbour_error(picture + blocks, picture).item() == pytest.approx(expected, rel=1e-5)
    assert border_error(picture + blocks, picture, block=BLOCK).item() == pytest.approx(0.2)
    inside = blocks[2:, 2:]
    zeros = torch.zeros(1, 1, 10, 14)
    assert border_error(zeros + inside, zeros, block=BLOCK).item() == 0
