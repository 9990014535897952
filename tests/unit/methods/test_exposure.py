from __future__ import annotations

import numpy as np
import pytest
from classical import check_pin, coffee, night, run
from hypothesis import given
from hypothesis import strategies as st

from relume.colour import roll_off

stops = st.floats(0.01, 8)
shoulders = st.floats(0, 0.95)


def test_pin():
    result = run("exposure", coffee(), target=0, ev=4, shoulder=0.8)
    check_pin(result, (0.612591, 0.377556, 0.259265), 0.243840, off=2e-4)


@given(ev=stops, shoulder=shoulders)
def test_roll_off_is_a_shoulder(ev, shoulder):
    """Below it nothing changes; above, increasing, concave, from slope 1 to white at white."""
    gain = 2.0**ev
    light = np.linspace(0, gain, 4001)
    out = roll_off(light, gain=gain, shoulder=shoulder)
    below = light <= shoulder
    assert np.array_equal(out[below], light[below])
    assert out[-1] == pytest.approx(1, abs=1e-12)
    slope = np.diff(out)
    assert slope.min() > 0
    assert np.diff(slope).max() <= 1e-9  # rounding of second differences
    assert (out >= light / gain - 1e-12).all()


@given(shoulder=shoulders)
def test_is_continuous_at_no_gain(shoulder):
    light = np.linspace(0, 1, 101)
    assert roll_off(light, gain=1.0, shoulder=shoulder) is light
    assert np.abs(roll_off(light, gain=1 + 1e-6, shoulder=shoulder) - light).max() < 1e-5


@pytest.mark.parametrize("ev", [-3.0, -0.5])
def test_less_light_is_a_plain_gain(ev):
    picture = night(0, (20, 30))
    decode = lambda e: np.where(e <= 0.04045, e / 12.92, ((e + 0.055) / 1.055) ** 2.4)  # noqa: E731
    result = run("exposure", picture, target=0, ev=ev)
    assert np.abs(decode(result) - decode(picture) * 2.0**ev).max() < 1e-6


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("target", [0.3, 0.5, 0.7])
def test_automatic_reaches_the_target(dtype, target):
    picture = night(1, (300, 400), dtype) // 2 if dtype != "float32" else night(1, (300, 400)) / 2
    result = run("exposure", picture, target=target)
    top = 1 if dtype == "float32" else np.iinfo(dtype).max
    assert result.max(axis=2).mean() / top == pytest.approx(target, abs=0.005)


def test_automatic_leaves_bright_pictures_and_stops_at_the_limit():
    bright = np.full((8, 8, 3), 0.8, np.float32)
    assert np.array_equal(run("exposure", bright), bright)
    dark = np.full((8, 8, 3), 0.001, np.float32)
    limited = run("exposure", dark, limit=3)
    assert np.abs(limited - run("exposure", dark, target=0, ev=3)).max() < 1e-6


def test_stops_come_on_top():
    picture = night(2, (20, 30))
    assert run("exposure", picture, ev=1).mean() > run("exposure", picture).mean() + 0.05
