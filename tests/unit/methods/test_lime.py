from __future__ import annotations

import numpy as np
import pytest
from classical import check_pin, coffee, night, run

from relume import methods
from relume.card import settle

NAMES = ("lime", "lecarm", "bimef", "dual", "fusion")


def scene(height, width):
    """Return bytes with large and small edges, texture, noise and fine lines."""
    down, across = np.mgrid[:height, :width] / 100.0
    rng = np.random.default_rng(0)
    base = 0.04 + 0.5 * (np.sin(across) + np.sin(1.3 * down + 1) > 0.6) + 0.02 * down / 15
    base = base + 0.05 * base * np.sin(9 * across * down) + 0.1 * (across % 1.7 < 0.02)
    unit = base[..., None] * (1, 0.8, 0.6) * (1 + 0.02 * rng.standard_normal((height, width, 3)))
    return np.rint(255 * np.clip(unit, 0, 1)).astype(np.uint8)


def test_pins():
    """Of a direct solver; ours is iterative, which moves a mean by 2e-4."""
    check_pin(run("lime", coffee()), (0.659694, 0.340341, 0.200548), 0.272691, off=1e-3)
    module = methods.module("lime")
    found = module.estimate(coffee().astype(np.float32), **settle(module.CARD)).map[..., 1]
    assert found.mean() == pytest.approx(0.155497, abs=1e-5)
    assert found.std() == pytest.approx(0.044656, abs=1e-3)
    assert found.min() == pytest.approx(0.053898, abs=1e-3)
    assert found.max() == pytest.approx(0.208594, abs=1e-3)


@pytest.mark.parametrize("strategy", [1, 2, 3])
def test_illumination_is_within_the_value(strategy):
    module = methods.module("lime")
    picture = night(0, (40, 50))
    found = module.estimate(picture, **settle(module.CARD, {"strategy": strategy})).map[..., 1]
    value = picture.max(axis=2)
    assert value.min() - 1e-6 <= found.min() <= found.max() <= value.max() + 1e-6
    assert found.mean() == pytest.approx(value.mean(), abs=1e-4)
    assert found.std() < value.std()


def test_exposure_of_the_input_does_not_matter():
    """Solved for the map over its percentile: a darker picture has a map darker by the same."""
    module, picture = methods.module("lime"), night(1, (60, 80))
    knobs = settle(module.CARD)
    bright, dark = (module.estimate(p, **knobs).map[..., 1] for p in (picture, picture * 0.1))
    assert np.abs(dark * 10 - bright).max() < 1e-4


def test_darkest_limits_the_gain():
    picture = night(2, (30, 40)) * np.float32(0.02)
    result = run("lime", picture, darkest=0.1, exponent=0)
    assert (result <= 10.001 * picture).all()


def test_exact_solver_smooths_and_keeps_the_mean():
    picture = night(3, (60, 80))
    module = methods.module("lime")
    knobs = {"iterations": 60, "alpha": 0.08}
    found = module.estimate(picture, **settle(module.CARD, knobs)).map[..., 1]
    value = picture.max(axis=2)
    assert np.abs(np.diff(found, axis=1)).sum() < 0.6 * np.abs(np.diff(value, axis=1)).sum()
    assert found.mean() == pytest.approx(value.mean(), abs=5e-3)
    assert not np.array_equal(run("lime", picture, **knobs), run("lime", picture))


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_reduced_is_near_the_exact_one(name, monkeypatch):
    from relume.metrics.ssim import ssim

    height, width = (1200, 1600)
    if name != "fusion":  # works small: the others reduce a quarter of the pixels just as much
        height, width = (600, 800)
        module = methods.module(name)
        # Halved as published, two of them reduce further above 6 megapixels.
        enough = 120_000 if name in ("lecarm", "bimef") else module.ENOUGH
        monkeypatch.setattr(module, "ENOUGH", enough // 4)
    picture = scene(height, width)
    result, exact = run(name, picture), run(name, picture, exact=1)
    assert not np.array_equal(result, exact), "nothing was reduced"
    assert np.abs(result.astype(float) - exact).mean() / 255 < 0.01
    side = height * 2 // 3
    assert ssim(result[:side, :side], exact[:side, :side], data_range=255) > 0.97
