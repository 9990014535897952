from __future__ import annotations

import numpy as np

from relume.filters import guided, windows


def test_lines_of_a_line():
    guide = np.random.default_rng(0).random((20, 30))
    slope, offset = guided.lines(
        guide, 0.5 * guide + 0.2, prior=np.zeros_like(guide), radius=1, epsilon=1e-9
    )
    assert np.abs(slope - 0.5).max() < 1e-4
    assert np.abs(offset - 0.2).max() < 1e-4


def test_prior_is_the_slope_where_the_guide_is_flat():
    flat = np.full((9, 9), 0.4)
    slope, offset = guided.lines(flat, flat * 2, prior=np.full((9, 9), 3.0), radius=1, epsilon=1e-4)
    assert np.abs(slope - 3).max() < 1e-6
    assert np.abs(slope * flat + offset - 0.8).max() < 1e-9


def test_carried_map_follows_edges_and_stays_in_range():
    """An edge lies where the full picture has it, not where the small one's pixels end."""
    full = np.where(np.arange(400) < 190, 0.1, 0.8)[None].repeat(8, axis=0)
    small = full.reshape(8, 40, 10).mean(axis=2)
    carrier = guided.carrier(small, small, factor=10.0)
    wide = np.repeat(carrier, 10, axis=1)
    found = guided.carried(full[..., None], wide, low=0.1, high=0.8)[..., 0]
    assert np.abs(found - full).max() < 0.02


def test_at_full_size_the_map_is_itself():
    plane = np.random.default_rng(1).random((5, 6))
    carrier = guided.carrier(plane, plane**2, factor=1.0)
    found = guided.carried(np.random.default_rng(2).random((5, 6, 3)), carrier, low=0, high=1)
    assert np.abs(found[..., 0] - plane**2).max() < 1e-6


def test_windows():
    plane = np.arange(20.0).reshape(4, 5)
    assert np.array_equal(windows.weighted_sum(plane, np.ones(1)), plane)
    total = windows.weighted_sum(plane, np.ones(3))
    assert total[1, 1] == plane[:3, :3].sum()
    assert total[0, 0] == plane[:2, :2].sum()  # zero outside
    mean = windows.mean(plane, radius=1)
    assert mean[1, 1] == plane[:3, :3].mean()
    mirrored = np.pad(plane, 1, mode="symmetric")
    assert mean[0, 0] == mirrored[:3, :3].mean()
    across = windows.sum_along(plane, np.array([1.0, 2.0, 3.0]), axis=1)
    assert across[2, 2] == plane[2, 1] + 2 * plane[2, 2] + 3 * plane[2, 3]
