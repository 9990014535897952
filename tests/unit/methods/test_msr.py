"""Single- and multi-scale Retinex, without and with colours restored or kept."""

from __future__ import annotations

import numpy as np
import pytest
from classical import check_pin, coffee, night, run

from relume import methods
from relume.card import settle

NAMES = ("ssr", "msr", "msrcr", "msrcp")


def test_pin_of_the_differences():
    module = methods.module("msr")
    picture = coffee().astype(np.float32)
    around = module.estimate(picture, **settle(module.CARD)).map
    differences = np.log(255 * picture + 1) - around
    check_pin(differences, (-0.115602, -0.283634, -0.397654), 0.728976, off=2e-4)


def test_pin_of_msrcr():
    check_pin(run("msrcr", coffee()), (0.767397, 0.595358, 0.475079), 0.256145, off=2e-4)


def test_pins_of_msrcp():
    check_pin(run("msrcp", coffee()), (0.473387, 0.259829, 0.158995), 0.218346, off=2e-4)
    check_pin(run("msrcp", coffee(), most=256), (0.902046, 0.463892, 0.277166), 0.345634, off=2e-4)


@pytest.mark.parametrize("name", NAMES)
def test_reduced_is_exact(name):
    """The surround is smooth: 250 000 pixels of it hold what a million do."""
    down, across = np.mgrid[:900, :1200] / 300.0
    rng = np.random.default_rng(0)
    base = 0.1 + 0.3 * (np.sin(3 * across) * np.sin(2 * down) > 0)
    picture = (base[..., None] * (1, 0.8, 0.6) + 0.02 * rng.random((900, 1200, 3))) * 255
    picture = picture.astype(np.uint8)
    off = np.abs(run(name, picture).astype(float) - run(name, picture, exact=1)) / 255
    assert off.mean() < 1e-3
    assert off.max() < 0.02


def test_colours_stay():
    picture = night(0, (40, 50))
    result = run("msrcp", picture)
    inside = result.min(axis=2) > 0
    before, after = 255 * picture[inside] + 1, 255 * result[inside] + 1
    ratio = after / before
    assert (np.ptp(ratio, axis=1) / ratio.mean(axis=1)).max() < 1e-3


def test_gain_is_limited():
    picture = night(1, (40, 50)) * np.float32(0.1)
    assert (run("msrcp", picture, most=2) <= 2 * picture + 2 / 255).all()


def test_widths_follow_a_reference():
    small = night(2, (60, 80))
    as_is = run("msr", small, small=15, medium=30, large=60)
    scaled = run("msr", small, small=30, medium=60, large=120, reference=120)
    assert np.abs(as_is - scaled).max() < 1e-6


@pytest.mark.parametrize("name", NAMES)
def test_ranks_are_clipped(name):
    result = run(name, night(3, (100, 100)), low=5, high=5)
    if name != "msrcp":  # whose largest factor keeps the white from being reached
        assert 0.04 < (result == 1).mean() < 0.06
    assert (result == 0).mean() > 0.01
