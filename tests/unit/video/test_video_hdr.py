"""HDR: what is ordinary is lifted as far as white, and lights stay as bright as they were."""

from __future__ import annotations

import numpy as np
import pytest

from relume.runtime.method import load
from relume.video.colour import BT2020, HLG, LIMITED, PQ, WHITE, Colour, from_signal, to_signal
from relume.video.layout import LAYOUTS
from relume.video.looks import Looker
from relume.video.paint import Painter
from relume.video.small import seen

LAYOUT = LAYOUTS["yuv420p10le"]


def pq(light: float) -> float:
    """SMPTE ST 2084: cd/m² → E′."""
    power = (light / 10000) ** 0.1593017578125
    return ((0.8359375 + 18.8515625 * power) / (1 + 18.6875 * power)) ** 78.84375


def code(light: float) -> int:
    return round(64 + 876 * pq(light))


@pytest.mark.parametrize("kernel", ["", "numpy"])
@pytest.mark.parametrize("method", ["gamma", "relume"])
def test_lights_stay_and_nothing_ordinary_becomes_one(
    monkeypatch: pytest.MonkeyPatch, method: str, kernel: str
) -> None:
    monkeypatch.setenv("RELUME_KERNEL", kernel)
    lights = (0.5, 2.0, 10.0, 50.0, 150.0, 195.0, 300.0, 1000.0, 4000.0)
    luma = np.full((96, 16 * len(lights) + 48), code(1.0), np.uint16)
    for place, light in enumerate(lights):
        luma[16:32, 24 + 16 * place : 40 + 16 * place] = code(light)
    neutral = np.full((48, luma.shape[1] // 2), 512, np.uint16)
    planes = (luma, neutral, neutral.copy())
    colour = Colour(LIMITED, BT2020, BT2020, PQ)
    knobs = {"denoise": 0.0} if method == "relume" else {"gamma": 0.5}
    looker = Looker(load(method, threads=1), knobs, 1.0)
    look = looker.look(seen(planes, LAYOUT, colour))
    new = Painter(looker, LAYOUT, colour, threads=1).paint(look, planes)[0].astype(int)
    after = {light: new[24, 32 + 16 * place] for place, light in enumerate(lights)}
    for light, found in after.items():
        if light > WHITE:
            assert abs(found - code(light)) <= 2
        else:
            assert found <= code(WHITE) + 1
    assert after[0.5] > code(0.5) + 20
    assert list(after.values()) == sorted(after.values())


@pytest.mark.parametrize("transfer", [PQ, HLG])
def test_what_is_left_alone_or_darkened_comes_back(transfer: int) -> None:
    encoded = np.linspace(0, 1, 2001, dtype=np.float32)
    met = to_signal(encoded, transfer)
    same = from_signal(met, transfer, seen=met, encoded=encoded)
    assert np.abs(same - encoded).max() < 1e-3
    darker = from_signal(met * 0.5, transfer, seen=met, encoded=encoded)
    assert (np.diff(darker) >= 0).all()
    assert (darker[1:] < encoded[1:]).all()
