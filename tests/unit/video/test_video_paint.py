"""Painting in YUV: compiled code agrees with NumPy, and both with painting in RGB."""

from __future__ import annotations

from dataclasses import replace

import clips
import numpy as np
import pytest

from relume.runtime.method import load
from relume.video import paint
from relume.video.colour import BT709, FULL, LIMITED, PQ, Colour, levels, to_rgb_matrix
from relume.video.compiled import plane_code
from relume.video.layout import LAYOUTS
from relume.video.looks import Looker
from relume.video.paint import Painter
from relume.video.small import guide, seen, shrunk

RELUME = load("relume", threads=1)
LIFT = Looker(RELUME, {"denoise": 0.0}, 1.0)
COLOUR = Colour(LIMITED, BT709)
compiled = pytest.mark.skipif(plane_code() is None, reason="no compiled code here")


def planes(layout, height, width, *, seed=1, colour=COLOUR):
    """Return a dark scene as planes, with colours, texture and some bright places."""
    random = np.random.default_rng(seed)
    code = levels(layout.depth, colour.range)
    rgb = clips.scene(height, width, light=0.2, seed=seed).astype(np.float32) / 255
    rgb[: height // 6, : width // 6] = random.random((height // 6, width // 6, 3))
    yuv = rgb @ np.linalg.inv(to_rgb_matrix(colour.weights())).T
    sizes = layout.sizes(height, width)
    made = [yuv[..., 0] * code.luma + code.black]
    for size, plane in zip(sizes[1:], (yuv[..., 1], yuv[..., 2]), strict=False):
        small = plane[:: 1 << layout.down, :: 1 << layout.across][: size[0], : size[1]]
        made.append(small * code.chroma + code.neutral)
    return tuple(np.clip(np.rint(each), 0, code.top).astype(layout.dtype) for each in made)


def painted(monkeypatch, looker, layout, given, *, kernel="", threads=1, colour=COLOUR):
    monkeypatch.setenv("RELUME_KERNEL", kernel)
    look = looker.look(seen(given, layout, colour))
    return Painter(looker, layout, colour, threads=threads).paint(look, given)


@compiled
@pytest.mark.parametrize("name", ["yuv420p", "yuv422p", "yuv444p", "yuv420p10le", "yuv444p12le"])
@pytest.mark.parametrize("size", [(96, 128), (65, 97), (250, 30)], ids=["even", "odd", "narrow"])
def test_compiled_agrees_with_numpy(monkeypatch, name, size):
    layout = LAYOUTS[name]
    given = planes(layout, *size)
    look = LIFT.look(seen(given, layout, COLOUR))
    painter = Painter(LIFT, layout, COLOUR, threads=1)
    results = []
    for kernel in ("", "numpy"):
        monkeypatch.setenv("RELUME_KERNEL", kernel)
        results.append(painter.paint(look, given))
    most = 2 ** (layout.depth - 8)
    for plane, twin in zip(*results, strict=True):
        apart = np.abs(plane.astype(int) - twin.astype(int))
        assert apart.max() <= most
        assert apart.mean() < 0.02 * most


@compiled
@pytest.mark.parametrize("most", [0, 1], ids=["any processor", "AVX2"])
@pytest.mark.parametrize("name", ["yuv420p", "yuv422p", "yuv444p", "yuv420p10le"])
@pytest.mark.parametrize("strength", [1.0, 0.6])
def test_every_instruction_set_paints_the_same(most, name, strength):
    code, layout = plane_code(), LAYOUTS[name]
    looker = Looker(RELUME, {"denoise": 0.0}, strength)
    results = []
    try:
        if code.limit(most) != most:
            pytest.skip("this processor has not got it")
        for used in (most, 2):
            code.limit(used)
            for size in ((65, 97), (122, 250)):
                given = planes(layout, *size)
                look = looker.look(seen(given, layout, COLOUR))
                painter = Painter(looker, layout, COLOUR, threads=1)
                results.append((*painter.paint(look, given), seen(given, layout, COLOUR)))
    finally:
        code.limit(2)
    for narrow, widest in zip(results[:2], results[2:], strict=True):
        for plane, same in zip(narrow[:3], widest[:3], strict=True):
            assert np.abs(plane.astype(int) - same.astype(int)).max() <= 1
            assert (plane != same).mean() < 0.001
        assert np.abs(narrow[3] - widest[3]).max() < 1e-6


@compiled
@pytest.mark.parametrize("method", ["relume", "gamma", "lime"])
def test_other_renderings_and_strengths_agree_too(monkeypatch, method):
    layout = LAYOUTS["yuv420p"]
    given = planes(layout, 90, 120)
    knobs = {"denoise": 0.0} if method == "relume" else {}
    looker = Looker(load(method, threads=1), knobs, 0.6)
    for colour in (COLOUR, Colour(FULL, BT709), Colour(LIMITED, 9, 9, PQ)):
        one, other = (
            painted(monkeypatch, looker, layout, given, kernel=kernel, colour=colour)
            for kernel in ("", "numpy")
        )
        for plane, twin in zip(one, other, strict=True):
            assert np.abs(plane.astype(int) - twin.astype(int)).max() <= 1


@compiled
def test_bands_and_threads_do_not_change_a_sample(monkeypatch):
    layout = LAYOUTS["yuv420p"]
    given = planes(layout, 331, 250)
    results = [painted(monkeypatch, LIFT, layout, given, threads=each) for each in (1, 2, 5)]
    for other in results[1:]:
        for plane, same in zip(results[0], other, strict=True):
            assert np.array_equal(plane, same)


@pytest.mark.parametrize("kernel", ["", "numpy"])
def test_flat_places_get_the_colour_that_painting_in_rgb_gives(monkeypatch, kernel):
    layout, code = LAYOUTS["yuv444p"], levels(8, LIMITED)
    monkeypatch.setenv("RELUME_KERNEL", kernel)
    for rgb in ((60, 20, 20), (20, 30, 70), (5, 5, 5), (40, 40, 10)):
        unit = np.array(rgb, np.float32) / 255
        yuv = np.linalg.inv(to_rgb_matrix(COLOUR.weights())) @ unit
        codes = yuv * (code.luma, code.chroma, code.chroma) + (code.black, 128, 128)
        given = tuple(np.full((64, 96), round(each), np.uint8) for each in codes)
        exact = [np.float32(plane[0, 0]) for plane in given]
        stored = np.array(
            [
                (exact[0] - 16) / code.luma,
                (exact[1] - 128) / code.chroma,
                (exact[2] - 128) / code.chroma,
            ],
            np.float32,
        )
        picture = np.clip(to_rgb_matrix(COLOUR.weights()) @ stored, 0, 1)
        look = LIFT.look(seen(given, layout, COLOUR))
        new = Painter(LIFT, layout, COLOUR, threads=1).paint(look, given)
        full = np.broadcast_to(picture, (64, 96, 3)).astype(np.float32)
        right = LIFT.paint(look, np.ascontiguousarray(full))[32, 48]
        wanted = np.linalg.inv(to_rgb_matrix(COLOUR.weights())) @ right
        wanted = wanted * (code.luma, code.chroma, code.chroma) + (code.black, 128, 128)
        found = [float(plane[32, 48]) for plane in new]
        assert np.abs(np.array(found) - wanted).max() <= 1


@pytest.mark.parametrize("kernel", ["", "numpy"])
def test_black_and_white_stays_so(monkeypatch, kernel):
    layout = LAYOUTS["yuv420p"]
    luma, *chroma = planes(layout, 64, 96)
    given = (luma, *(np.full_like(each, 128) for each in chroma))
    new = painted(monkeypatch, LIFT, layout, given, kernel=kernel)
    assert (new[1] == 128).all()
    assert (new[2] == 128).all()
    assert new[0].mean() > luma.mean()


@compiled
@pytest.mark.parametrize("size", [(64, 96), (1080, 1920), (301, 37)])
def test_small_pictures_agree(monkeypatch, size):
    layout = LAYOUTS["yuv420p"]
    given = planes(layout, *size)
    small = []
    for kernel in ("", "numpy"):
        monkeypatch.setenv("RELUME_KERNEL", kernel)
        small.append(seen(given, layout, COLOUR))
    assert np.abs(small[0] - small[1]).max() < 1e-5
    assert max(small[0].shape[:2]) <= 256
    guides, areas = [], []
    for kernel in ("", "numpy"):
        monkeypatch.setenv("RELUME_KERNEL", kernel)
        guides.append(guide(small[0]))
        areas.append(shrunk(small[0], height=54, width=96))
    assert np.abs(guides[0] - guides[1]).max() < 1e-3
    assert np.abs(areas[0] - areas[1]).max() < 1e-6
    assert areas[0].shape == areas[1].shape


@compiled
def test_compiled_code_refuses_what_does_not_fit():
    code = plane_code()
    plane = np.zeros((8, 8), np.uint8)
    with pytest.raises(ValueError, match="larger"):
        code.shrink(1, plane, 1, np.zeros((9, 8), np.float32))
    with pytest.raises(ValueError, match="step"):
        code.shrink(1, plane, 0, np.zeros((1, 1), np.float32))
    with pytest.raises(ValueError, match="bytes"):
        code.shrink(2, plane, 1, np.zeros((1, 1), np.float32))
    with pytest.raises(ValueError, match="larger"):
        code.areas(np.zeros((4, 12), np.float32), np.zeros((5, 12), np.float32))
    with pytest.raises(ValueError, match="bytes"):
        code.areas(np.zeros((4, 13), np.float32), np.zeros((1, 3), np.float32))
    what = (1, 1, 1, 16.0, 219.0, 128.0, 224.0, 255.0, 0.2126, 0.0722)
    with pytest.raises(ValueError, match="chroma"):
        code.paint(what, 8, (), None, None, (plane, plane, plane[:3]), (plane,) * 3, 0, 1)
    with pytest.raises(ValueError, match="fit"):
        code.paint(what, 8, (), None, None, (plane,) * 3, (plane,) * 3, 0, 1)
    with pytest.raises(ValueError, match="no such samples"):
        code.paint(what, 10, (), None, None, (plane,) * 3, (plane,) * 3, 0, 1)


@compiled
@pytest.mark.parametrize("name", ["yuv420p", "yuv422p10le", "yuv444p"])
@pytest.mark.parametrize("size", [(96, 250), (65, 97)], ids=["even", "odd"])
def test_whole_frames_agree_with_numpy(monkeypatch, name, size):
    layout = LAYOUTS[name]
    given = planes(layout, *size)
    looker = Looker(RELUME, {}, 1.0)
    look = looker.look(seen(given, layout, COLOUR))
    amount = np.ones_like(look.maps["amount"])
    look = replace(look, maps={**look.maps, "amount": amount})
    painter = Painter(looker, layout, COLOUR, threads=1)
    for read in (given, tuple(plane.astype(np.float32) + 0.25 for plane in given)):
        results = []
        for kernel in ("", "numpy"):
            monkeypatch.setattr(paint, "plane_code", plane_code if not kernel else lambda: None)
            results.append(painter.paint(look, read))
        for plane, twin in zip(*results, strict=True):
            assert plane.dtype == layout.dtype
            assert np.abs(plane.astype(int) - twin.astype(int)).max() <= 1
            assert (plane != twin).mean() < 0.01
