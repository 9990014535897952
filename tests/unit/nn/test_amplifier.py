"""From a mosaic's histogram to its amplification."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from relume.nn.amplifier import FLOOR, LinearAmplifier, StopsAmplifier, histogram

EDGES = (np.logspace(0, 8, 64, base=2.0) - 1) / 255


@pytest.mark.parametrize("power", [1, 3, 6])
def test_the_histogram_is_that_of_the_stated_edges(power: int) -> None:
    mosaic = np.random.default_rng(power).random((2, 1, 48, 32), np.float32) ** power
    found = histogram(torch.from_numpy(mosaic)).numpy()
    for counts, one in zip(found, mosaic, strict=True):
        expected = np.histogram(one, bins=EDGES)[0] / one.size
        # A sample on an edge, to float32, may fall on either side.
        assert np.abs(counts - expected).max() <= 1.01 / one.size
    assert found.sum(axis=1) == pytest.approx(1)


def test_ends_of_the_range_have_bins() -> None:
    assert histogram(torch.zeros(1, 1, 4, 4))[0, 0] == 1
    assert histogram(torch.ones(1, 1, 4, 4))[0, -1] == 1


@pytest.mark.parametrize("amplifier", [StopsAmplifier(), LinearAmplifier()])
def test_any_mosaic_has_an_amplification(amplifier: torch.nn.Module) -> None:
    for level in (0.0, 1e-4, 0.3, 1.0):
        found = amplifier(torch.full((3, 1, 32, 16), level))
        assert found.shape == (3, 1, 1, 1)
        assert torch.isfinite(found).all()
        assert (found >= FLOOR).all()


def test_stops_stay_in_range() -> None:
    amplifier = StopsAmplifier()
    for bias, expected in ((-50.0, 1.0), (50.0, 1024.0)):
        torch.nn.init.constant_(amplifier.stops.bias, bias)
        assert amplifier(torch.rand(1, 1, 16, 16)).item() == expected


def test_the_amplifier_learns_how_dark_it_is() -> None:
    torch.manual_seed(0)
    amplifier = StopsAmplifier()
    optimiser = torch.optim.Adam(amplifier.parameters(), lr=1e-2)
    error = torch.tensor(0.0)
    for _ in range(40):
        stops = 1 + 7 * torch.rand(8)
        mosaic = torch.rand(8, 1, 16, 32) / torch.exp2(stops)[:, None, None, None]
        error = (torch.log2(amplifier(mosaic).flatten()) - stops).abs().mean()
        optimiser.zero_grad()
        error.backward()
        optimiser.step()
    assert error < 0.8  # 2 at the start
