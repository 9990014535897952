from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relume.filters.illumination import edge_weights, refine
from relume.filters.wls import solve

seeds = st.integers(0, 2**32 - 1)
shapes = st.sampled_from([(1, 1), (1, 9), (8, 1), (2, 2), (13, 17), (24, 20)])


def laplacian(across: np.ndarray, down: np.ndarray) -> np.ndarray:
    """Return I + L as a dense matrix: for small maps, and by another road than lines."""
    height, width = across.shape[0], down.shape[1]
    index = np.arange(height * width).reshape(height, width)
    matrix = np.eye(height * width)
    for weights, one, other in (
        (across, index[:, :-1], index[:, 1:]),
        (down, index[:-1], index[1:]),
    ):
        for a, p, q in zip(weights.ravel(), one.ravel(), other.ravel(), strict=True):
            matrix[[p, q], [p, q]] += a
            matrix[[p, q], [q, p]] -= a
    return matrix


def directly(target, across, down):
    return np.linalg.solve(laplacian(across, down), target.ravel()).reshape(target.shape)


def random_system(seed, shape, *, largest):
    """Return a map and weights that span seven decades."""
    rng = np.random.default_rng(seed)
    height, width = shape
    draw = lambda *size: largest * 10.0 ** rng.uniform(-7, 0, size)  # noqa: E731
    return rng.random(shape), draw(height, width - 1), draw(height - 1, width)


@settings(max_examples=60, deadline=None)
@given(seed=seeds, shape=shapes)
def test_is_near_the_direct_solution(seed, shape):
    target, across, down = random_system(seed, shape, largest=10.0)
    off = solve(target, across, down) - directly(target, across, down)
    assert np.abs(off).max() < 0.01


@settings(max_examples=30, deadline=None)
@given(seed=seeds)
def test_is_near_the_direct_solution_on_an_illumination(seed):
    """Weights as LIME has them, up to millions: under 1 % of the range, root mean square."""
    rng = np.random.default_rng(seed)
    down, across = np.mgrid[:32, :40] / 40
    target = np.clip(0.3 + 0.4 * (across > down) + 0.02 * rng.standard_normal((32, 40)), 0, 1)
    weights = edge_weights(target, alpha=0.15, strategy=3, sigma=2.0, radius=2)
    off = solve(target, *weights) - directly(target, *weights)
    assert np.sqrt((off**2).mean()) < 0.01


@settings(max_examples=60, deadline=None)
@given(seed=seeds, shape=shapes, largest=st.sampled_from([1e-3, 1.0, 1e3, 4e6]))
def test_principles(seed, shape, largest):
    """Within the map's range, with the map's mean."""
    target, across, down = random_system(seed, shape, largest=largest)
    u = solve(target, across, down)
    assert target.min() - 1e-7 <= u.min() <= u.max() <= target.max() + 1e-7  # single precision
    # Exact but for the clipping to the range, which the sweeps may leave a little.
    assert u.mean() == pytest.approx(target.mean(), abs=3e-3)


@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (9, 1), (8, 11)])
def test_extremes(shape):
    target = np.random.default_rng(0).random(shape)
    across, down = np.ones((shape[0], shape[1] - 1)), np.ones((shape[0] - 1, shape[1]))
    assert np.abs(solve(target, 0 * across, 0 * down) - target).max() < 1e-6
    assert np.abs(solve(target, 1e7 * across, 1e7 * down) - target.mean()).max() < 1e-2
    constant = np.full(shape, 0.3)
    assert np.abs(solve(constant, across, down) - constant).max() < 1e-6


def test_turns_with_the_map():
    target, across, down = random_system(1, (20, 30), largest=5.0)
    turned = solve(target.T, down.T, across.T).T
    assert np.abs(turned - solve(target, across, down)).max() < 0.01


@pytest.mark.parametrize("strategy", [1, 2, 3])
def test_weights_are_the_formula(strategy):
    plane = np.random.default_rng(2).random((6, 7))
    across, down = edge_weights(plane, alpha=0.5, strategy=strategy, sigma=2.0, radius=2)
    assert across.shape == (6, 6)
    assert down.shape == (5, 7)
    step = np.zeros_like(plane)
    step[:, :-1] = plane[:, 1:] - plane[:, :-1]
    y, x = 2, 3
    near = abs(step[y, x]) + 1e-3
    window = np.exp(-(np.arange(-2, 3)[:, None] ** 2 + np.arange(-2, 3) ** 2) / 8)
    wide = abs((window * step[y - 2 : y + 3, x - 2 : x + 3]).sum()) + 1e-3
    expected = 0.5 / near * {1: 1, 2: 1 / near, 3: window.sum() / wide}[strategy]
    assert across[y, x] == pytest.approx(expected)


def test_window_counts_nothing_outside():
    """At a corner the window holds fewer pixels."""
    flat = np.full((6, 6), 0.5)
    across, _ = edge_weights(flat, alpha=1.0, strategy=3, sigma=2.0, radius=2)
    line = np.exp(-(np.arange(-2, 3) ** 2) / 8)
    assert across[0, 0] == pytest.approx(line[2:].sum() ** 2 / 1e-6)


def test_black_maps_are_left_alone():
    black = np.zeros((5, 6))
    assert refine(black, alpha=0.15, strategy=3, sigma=2.0, radius=2, factor=1.0) is black


def test_single_precision_is_enough():
    """Beside weights of millions the mean, which the data term of 1 carries, is kept."""
    rng = np.random.default_rng(3)
    target = rng.random((200, 150))
    across = np.where(rng.random((200, 149)) < 0.9, 4e6, 1e-3)
    down = np.where(rng.random((199, 150)) < 0.9, 4e6, 1e-3)
    assert solve(target, across, down).mean() == pytest.approx(target.mean(), abs=1e-4)
