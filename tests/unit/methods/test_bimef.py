from __future__ import annotations

import numpy as np
import pytest
from classical import check_pin, coffee, night, run

from relume import methods
from relume.card import settle
from relume.filters.camera import beta_gamma
from relume.methods.bimef import best_ratio, entropy


def test_pin_of_the_map():
    module = methods.module("bimef")
    found = module.estimate(coffee().astype(np.float32), **settle(module.CARD))
    offset, slope = found.map[..., 1], found.map[..., 0]
    small = coffee().reshape(100, 2, 150, 2, 3).mean(axis=(1, 3)).max(axis=2)
    # The lines are averaged over windows, which takes a little of the map's spread.
    illumination = slope * small + offset
    assert illumination.mean() == pytest.approx(0.155497, abs=1e-3)
    assert illumination.std() == pytest.approx(0.029495, abs=2e-3)


def test_pin_of_the_brighter_exposure():
    result = np.clip(beta_gamma(coffee(), ratio=5.0) - 0.01, 0, 1)
    check_pin(result, (0.506597, 0.332512, 0.230982), 0.192409, off=2e-4)


@pytest.mark.parametrize(
    ("ratio", "bits"), [(1, 5.6436), (2, 6.4423), (3, 6.8058), (5, 7.1684), (7, 7.3563)]
)
def test_pins_of_the_entropy(ratio, bits):
    gray = np.cbrt(coffee().prod(axis=2)).ravel()
    assert entropy(beta_gamma(gray, ratio=float(ratio))) == pytest.approx(bits, abs=1e-3)


def test_search_finds_the_best_of_all():
    levels = np.random.default_rng(0).random(2000) ** 4 * 0.5
    best = best_ratio(levels)
    values = [entropy(beta_gamma(levels, ratio=k)) for k in np.linspace(1, 7, 241)]
    assert entropy(beta_gamma(levels, ratio=best)) >= max(values) - 0.02
    assert best_ratio(levels[:0]) == 1


def test_bright_parts_are_kept():
    picture = night(0, (60, 80))
    picture[:, 40:] = 1
    result = run("bimef", picture, ratio=5)
    assert np.abs(result[:, 60:] - 1).max() < 1e-3
    assert result[:, :10].mean() > 1.5 * picture[:, :10].mean()
