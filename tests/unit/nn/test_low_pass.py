"""The unrolled low-pass against the Fourier transform that defines it."""

from __future__ import annotations

from math import log

import numpy as np
import pytest
import torch

from relume.errors import ContractError
from relume.nn.low_pass import LowPass


def by_transform(plane: np.ndarray, cutoff: float) -> np.ndarray:
    """Mirror, transform, multiply with the Gaussian, transform back, all in double precision."""
    height, width = plane.shape
    mirrored = np.concatenate((plane, plane[:, ::-1]), axis=1).astype(np.float64)
    mirrored = np.concatenate((mirrored, mirrored[::-1]), axis=0)
    squared = np.fft.fftfreq(2 * height)[:, None] ** 2 + np.fft.rfftfreq(2 * width) ** 2
    gain = np.exp(-squared * log(2) / (2 * cutoff**2))
    back = np.fft.irfft2(np.fft.rfft2(mirrored) * gain, s=mirrored.shape)
    return back[:height, :width]


@pytest.mark.parametrize("size", [(1, 1), (1, 17), (40, 1), (2, 3), (33, 50), (120, 81)])
@pytest.mark.parametrize(("raw", "offset"), [(-6.0, 0.02), (-3.5, 0.02), (-2.0, 0.01)])
def test_equals_the_transform(size: tuple[int, int], raw: float, offset: float) -> None:
    plane = np.log(np.random.default_rng(0).random(size, np.float32) + 1e-3)
    low_pass = LowPass(raw_cutoff=raw, offset=offset, trainable=True)
    with torch.no_grad():
        found = low_pass(torch.from_numpy(plane)[None, None])[0, 0].numpy()
    # 6e-7 of the taps' sum is cut off at each end, of values up to 7; the rest is float32.
    assert np.abs(found - by_transform(plane, low_pass.cutoff.item())).max() < 2e-5


def test_near_the_finest_waves_taps_fade_slowly() -> None:
    plane = np.random.default_rng(0).random((64, 64), np.float32)
    low_pass = LowPass(raw_cutoff=0.0, offset=0.1, trainable=False)
    with torch.no_grad():
        found = low_pass(torch.from_numpy(plane)[None, None])[0, 0].numpy()
    # The Gaussian ends at half a cycle, where a fifth is left: its taps ring like 1 / (2πn).
    assert np.abs(found - by_transform(plane, low_pass.cutoff.item())).max() < 1e-2


def test_at_the_cutoff_half_of_the_power_is_left() -> None:
    low_pass = LowPass(raw_cutoff=-4.0, offset=0.02, trainable=True)
    places = torch.arange(2000) + 0.5
    wave = torch.cos(2 * torch.pi * low_pass.cutoff.detach() * places).view(1, 1, 1, -1)
    with torch.no_grad():
        kept = low_pass(wave)[..., 500:1500].square().mean() / wave[..., 500:1500].square().mean()
    assert kept.item() == pytest.approx(0.5, abs=0.01)


def test_the_cutoff_is_learned_or_fixed() -> None:
    plane = torch.rand(1, 1, 16, 16)
    learned = LowPass(raw_cutoff=-3.0, offset=0.02, trainable=True)
    learned(plane).square().mean().backward()
    assert learned.raw_cutoff.grad is not None
    assert learned.raw_cutoff.grad.abs() > 0
    fixed = LowPass(raw_cutoff=-3.0, offset=0.02, trainable=False)
    assert not fixed.raw_cutoff.requires_grad
    assert torch.equal(fixed(plane), learned(plane))


@pytest.mark.parametrize("offset", [0.0, -1.0, 0.7, float("nan")])
def test_an_offset_out_of_range_is_refused(offset: float) -> None:
    with pytest.raises(ContractError, match="offset"):
        LowPass(raw_cutoff=0.0, offset=offset, trainable=True)
