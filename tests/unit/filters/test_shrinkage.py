from __future__ import annotations

import numpy as np

from relume.filters import shrinkage
from relume.filters.illumination import edge_weights


def objective(plane, target, weights, alpha):
    across, down = weights
    return (
        ((plane - target) ** 2).sum()
        + alpha * (across * np.abs(np.diff(plane, axis=1))).sum()
        + alpha * (down * np.abs(np.diff(plane, axis=0))).sum()
    )


def test_is_near_the_minimum():
    """No small change of the map makes the objective smaller, and the start is far above it."""
    rng = np.random.default_rng(0)
    across = np.arange(48)[None]
    target = 0.4 + 0.4 * (across > 20) + 0.03 * rng.standard_normal((40, 48))
    target = target / np.quantile(target, 0.995)  # so that the scaling inside does nothing
    found = shrinkage.smooth(target, alpha=0.08, strategy=1, sigma=2.0, radius=2, iterations=150)
    edge = edge_weights(target, alpha=1.0, strategy=1, sigma=2.0, radius=2)
    step = [np.abs(np.diff(target, axis=1)) + 1e-3, np.abs(np.diff(target, axis=0)) + 1e-3]
    weights = (edge[0] * step[0], edge[1] * step[1])
    least = objective(found, target, weights, 0.08)
    assert least < 0.6 * objective(target, target, weights, 0.08)
    for seed in range(5):
        other = found + 1e-3 * np.random.default_rng(seed).standard_normal(found.shape)
        assert objective(other, target, weights, 0.08) > least
    smoothed = found + 0.2 * (target - found)
    assert objective(smoothed, target, weights, 0.08) > least


def test_black_and_constant_maps():
    black = np.zeros((6, 7))
    assert (
        shrinkage.smooth(black, alpha=0.1, strategy=3, sigma=2.0, radius=2, iterations=9) is black
    )
    flat = np.full((6, 7), 0.3)
    found = shrinkage.smooth(flat, alpha=0.1, strategy=3, sigma=2.0, radius=2, iterations=9)
    assert np.abs(found - flat).max() < 1e-9
