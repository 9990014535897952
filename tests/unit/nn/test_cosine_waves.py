"""The waves of the discrete cosine transform."""

from __future__ import annotations

import pytest
import torch

from relume.nn.cosine_waves import cosine_waves


@pytest.mark.parametrize("count", [1, 2, 4, 8])
def test_waves_are_orthonormal(count: int) -> None:
    waves = cosine_waves(torch.arange(count), count=count)
    assert torch.allclose(waves @ waves.T, torch.eye(count), atol=1e-6)


def test_waves_may_be_read_between_samples() -> None:
    waves = cosine_waves(torch.tensor([1.0, 1.5, 2.0]), count=4)
    assert torch.allclose(waves[0], torch.full((3,), 0.5))
    assert waves[1, 1].abs() < 1e-6, "halfway down the longest wave"
    assert torch.allclose(waves[1, 0], -waves[1, 2])
