"""Edge-aware smoothing of a map with absolute differences, by alternating directions.

    min over T of  Σ (T − T̂)² + alpha·Σ W·|∂T|

with periodic differences, so that the quadratic step is diagonal in the Fourier domain; a mirrored
frame keeps the seam outside. Steps, with G for ∂T, multiplier Z and penalty μ:

    T ← F⁻¹[F(2·T̂ + ∂ᵀ(μ·G − Z)) / (2 + μ·(|F∂_h|² + |F∂_v|²))]
    G ← shrink(∂T + Z/μ, alpha·W/μ),   Z ← Z + μ·(∂T − G),   μ ← 1.05·μ

Source: Guo, Li, Ling, IEEE TIP 26(2), 2017, eqs. 9–13 and algorithm 1.
"""

from __future__ import annotations

import numpy as np

from relume.arrays import Floats
from relume.filters.illumination import DARKEST, SMALLEST, edge_weights

FRAME = 16
PENALTY, GROWTH = 100.0, 1.05
"""A small first penalty with few steps stops far from the minimum (10 times the objective)."""
ENOUGH = 1e-5
"""Stop when ∂T and G differ by this much of the map's norm."""


def smooth(
    brightest: Floats, *, alpha: float, strategy: int, sigma: float, radius: int, iterations: int
) -> Floats:
    """Smooth (h, w) in [0, 1], scaled to its 99.5th percentile meanwhile, in `iterations` steps."""
    top = float(np.quantile(brightest, 0.995))
    if top < DARKEST:
        return brightest
    target = np.pad(brightest / top, FRAME, mode="symmetric").astype(np.float64)
    weights = _weights(target, strategy=strategy, sigma=sigma, radius=radius)
    spectrum = [
        2.0 - 2.0 * np.cos(2.0 * np.pi * np.fft.fftfreq(target.shape[0]))[:, None],
        2.0 - 2.0 * np.cos(2.0 * np.pi * np.fft.rfftfreq(target.shape[1]))[None],
    ]
    jumps, multipliers = np.zeros_like(weights), np.zeros_like(weights)
    penalty, result = PENALTY, target
    for _ in range(iterations):
        right = 2.0 * target + _adjoint(penalty * jumps - multipliers)
        transformed = np.fft.rfft2(right) / (2.0 + penalty * (spectrum[0] + spectrum[1]))
        result = np.fft.irfft2(transformed, s=target.shape)
        steps = _steps(result)
        moved = steps + multipliers / penalty
        jumps = np.sign(moved) * np.maximum(np.abs(moved) - alpha * weights / penalty, 0.0)
        multipliers += penalty * (steps - jumps)
        penalty *= GROWTH
        if np.linalg.norm(steps - jumps) <= ENOUGH * np.linalg.norm(target):
            break
    kept = result[FRAME:-FRAME, FRAME:-FRAME] * top
    return np.clip(kept, brightest.min(), brightest.max()).astype(brightest.dtype)


def _weights(target: Floats, *, strategy: int, sigma: float, radius: int) -> Floats:
    """Return W, (2, h, w) for down and across: the edge weights times the step they divide by."""
    across, down = edge_weights(target, alpha=1.0, strategy=strategy, sigma=sigma, radius=radius)
    weights = np.zeros((2, *target.shape))
    weights[0, :-1] = down * (np.abs(np.diff(target, axis=0)) + SMALLEST)
    weights[1, :, :-1] = across * (np.abs(np.diff(target, axis=1)) + SMALLEST)
    return weights


def _steps(plane: Floats) -> Floats:
    return np.stack([np.roll(plane, -1, axis) - plane for axis in (0, 1)])


def _adjoint(steps: Floats) -> Floats:
    return sum(np.roll(steps[axis], 1, axis) - steps[axis] for axis in (0, 1))  # pyright: ignore[reportReturnType]  (a sum of two arrays)
