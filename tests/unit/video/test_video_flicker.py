"""The flicker measures against what their formulas give for made-up videos."""

from __future__ import annotations

from fractions import Fraction

import clips
import numpy as np
import pytest

from relume.errors import ContractError
from relume.video.flicker import measure

LIMIT = 10**8
BASE = Fraction(1, 20)


def light(level):
    return ((level / 255 + 0.055) / 1.055) ** 2.4


def gray(level):
    return lambda index: np.full((48, 64, 3), level(index), np.uint8)


def video(path, frame, count=40):
    return clips.write(path, frame, times=range(count), base=BASE, options={"crf": "0"})


def test_even_gain_has_no_flicker(tmp_path):
    low = video(tmp_path / "low.mp4", gray(lambda _: 40))
    bright = video(tmp_path / "bright.mp4", gray(lambda _: 120))
    found = measure(bright, low, max_pixels=LIMIT)
    assert found.frames == 40
    assert found.cuts == 0
    assert found.flicker == pytest.approx(0, abs=1e-6)
    assert found.gain == pytest.approx(light(120) / light(40), rel=0.03)


def test_alternating_gain_is_measured(tmp_path):
    low = video(tmp_path / "low.mp4", gray(lambda _: 100))
    bright = video(tmp_path / "bright.mp4", gray(lambda index: 120 + 2 * (index % 2)))
    found = measure(bright, low, max_pixels=LIMIT)
    assert found.flicker == pytest.approx(np.log(light(122) / light(120)) / 2, rel=0.2)
    assert found.own == pytest.approx(found.flicker, rel=0.05)
    assert found.own_input == pytest.approx(0, abs=1e-6)
    assert found.mabd == pytest.approx(2 / 255, rel=0.2)


def test_slow_changes_are_no_flicker(tmp_path):
    low = video(tmp_path / "low.mp4", gray(lambda _: 60))
    slow = video(tmp_path / "slow.mp4", gray(lambda index: 100 + index))
    # A video of 8 bits rounds by up to half a code, 1.2 % of light here, and the slope is 20 %.
    assert measure(slow, low, max_pixels=LIMIT).flicker < 0.012


def test_cuts_are_left_out(tmp_path):
    scenes = [clips.scene(seed=1, light=0.1), clips.scene(seed=2, light=0.8)[:, ::-1]]
    low = video(tmp_path / "a.mp4", lambda index: scenes[index // 20])
    found = measure(low, low, max_pixels=LIMIT)
    assert found.cuts == 1
    assert found.own == pytest.approx(0, abs=1e-3)


def test_warping_error_follows_motion(tmp_path):
    pytest.importorskip("cv2")
    picture = clips.scene(96, 160, light=0.5)
    flow = video(tmp_path / "a.mp4", lambda index: np.roll(picture, 2 * index, axis=1), 8)
    found = measure(flow, flow, max_pixels=LIMIT)
    steps = video(tmp_path / "b.mp4", clips.noisy(picture, sd=12.0), 8)
    noisy = measure(steps, flow, max_pixels=LIMIT)
    assert found.warping == pytest.approx(found.warping_input, rel=1e-6)
    assert noisy.warping > 2 * found.warping


def test_other_lengths_are_refused(tmp_path):
    low = video(tmp_path / "low.mp4", gray(lambda _: 40), 10)
    short = video(tmp_path / "short.mp4", gray(lambda _: 90), 8)
    with pytest.raises(ContractError, match="8 frames"):
        measure(short, low, max_pixels=LIMIT)
