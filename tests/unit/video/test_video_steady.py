"""No flicker: what stands still stays still; lamps, dusk and cuts are met in time."""

from __future__ import annotations

from fractions import Fraction

import clips
import numpy as np
import pytest

from relume.runtime.method import load
from relume.video import recursive
from relume.video.choice import Chosen
from relume.video.codecs import CODECS, encoding
from relume.video.cuts import Glimpse
from relume.video.enhance import Options, VideoRun
from relume.video.layout import LAYOUTS
from relume.video.recursive import Recursive

RELUME = load("relume", threads=1)
WHO = Chosen(RELUME, {"denoise": 0.0}, 1.0)
LOSSLESS = {"crf": "0"}
BASE = Fraction(1, 30)


def is_cut(before, after):
    glimpses = [Glimpse.of(each / np.float32(255)) for each in (before, after)]
    return glimpses[1].is_cut_from(glimpses[0])


def enhanced(tmp_path, frame, count, *, calm=0.5, name="a", who=WHO):
    source = clips.write(
        tmp_path / f"{name}.mp4", frame, times=range(count), base=BASE, options=LOSSLESS
    )
    target = tmp_path / f"{name}.{calm}.mp4"
    options = Options(calm=calm, crf=0, preset="ultrafast", threads=1)
    VideoRun(source, target, lambda _: who, options)()
    return clips.lumas(source).astype(float), clips.lumas(target).astype(float)


def gains(before, after):
    """Mean log gain of each frame, of means: single dark codes would speak for themselves."""
    return np.log(after.mean(axis=(1, 2)) / before.mean(axis=(1, 2)))


def high_passed(values):
    return values - np.convolve(np.pad(values, 7, mode="edge"), np.ones(15) / 15, "valid")


def test_static_dark_scene_with_fresh_noise_does_not_flicker(tmp_path):
    frame = clips.noisy(clips.scene(96, 128), sd=3.0)
    calm = gains(*enhanced(tmp_path, frame, 45))
    alone = gains(*enhanced(tmp_path, frame, 45, calm=0.0))
    flicker, before = (np.sqrt(np.mean(np.square(high_passed(g)))) for g in (calm, alone))
    assert flicker < 0.001
    assert flicker < before / 5


@pytest.mark.parametrize("name", ["sgz", "relume", "lime", "clahe"])
def test_what_stands_still_gets_one_brightness_with_and_without_calm(tmp_path, name):
    who = WHO if name == "relume" else Chosen(load(name, threads=1), {}, 1.0)
    frame = clips.still(clips.scene(96, 128))
    _, calm = enhanced(tmp_path, frame, 16, who=who)
    _, alone = enhanced(tmp_path, frame, 16, calm=0.0, who=who)
    assert np.ptp(calm.mean(axis=(1, 2))) < 0.1
    assert abs(calm.mean() - alone.mean()) < 0.1


def test_lamp_is_right_at_once_and_no_cut(tmp_path):
    dark, lit = clips.scene(light=0.04), clips.scene(light=0.4)
    assert not is_cut(dark, lit)

    def lamp(index):
        return dark if index < 15 else lit

    _, after = enhanced(tmp_path, lamp, 40)
    levels = after.mean(axis=(1, 2))
    assert levels[17:30] == pytest.approx(levels[-1], rel=0.03)
    assert levels[5:15] == pytest.approx(levels[0], rel=0.03)


def test_cut_is_right_at_the_first_frame(tmp_path):
    first = clips.scene(light=0.04, seed=1)
    second = clips.scene(light=0.3, seed=2)[:, ::-1]
    assert is_cut(first, second)
    _, after = enhanced(tmp_path, lambda index: first if index < 15 else second, 36)
    levels = after.mean(axis=(1, 2))
    assert levels[15] == pytest.approx(levels[-1], rel=0.01)
    assert levels[14] == pytest.approx(levels[0], rel=0.01)


def test_dusk_is_followed(tmp_path):
    def dusk(index):
        return clips.scene(light=0.3 * 2 ** (-index / 300))

    before, after = enhanced(tmp_path, dusk, 60)
    _, alone = enhanced(tmp_path, dusk, 60, calm=0.0)
    inside = slice(10, 50)
    levels, right = (each.mean(axis=(1, 2))[inside] for each in (after, alone))
    assert levels == pytest.approx(right, rel=0.01)
    assert before.mean(axis=(1, 2))[0] > 1.04 * before.mean(axis=(1, 2))[-1]


def test_noise_on_a_dark_wall_is_no_cut():
    frame = clips.noisy(np.full((54, 96, 3), 12, np.uint8), sd=3.0)
    assert not is_cut(frame(0), frame(1))


def test_what_stands_still_gets_less_noise_than_a_frame_alone_has():
    still = np.full((96, 128), 60.0)
    shown = []
    quiet = Recursive(8)
    for index in range(10):
        frame = still + np.random.default_rng(index).normal(0, 4, still.shape)
        frame[:32, :32] = 60 + 90 * (index % 2)  # what moves is not averaged
        planes = (np.rint(np.clip(frame, 0, 255)).astype(np.uint8),)
        shown.append(np.asarray(quiet(planes)[0], float))
    assert (shown[-1][48:] - 60).std() < 0.5 * (shown[0][48:] - 60).std()
    assert shown[-1][4:28, 4:28].mean() == pytest.approx(150, abs=2)
    quiet.begin_scene()
    assert quiet(planes) is planes


def test_a_video_without_noise_is_not_averaged():
    planes = (np.full((300, 64), 60, np.uint8),)
    quiet = Recursive(8)
    assert quiet(planes) is planes
    assert quiet(planes) is planes


def test_bands_do_not_change_what_is_averaged(monkeypatch):
    random = np.random.default_rng(3)
    still = random.integers(20, 120, (150, 40)).astype(np.float64)
    frames = [np.rint(still + random.normal(0, 3, still.shape)).astype(np.uint8) for _ in range(6)]
    frames[4][60:70, 5:20] += 80  # something enters where bands meet
    results = []
    for rows in (recursive.ROWS, 1000):
        monkeypatch.setattr(recursive, "ROWS", rows)
        quiet = recursive.Recursive(8)
        results.append([quiet((frame,))[0].copy() for frame in frames])
    for one, other in zip(*results, strict=True):
        assert np.array_equal(one, other)
    last = results[0][-1]
    assert np.std((last - still)[:50]) < 0.6 * np.std((frames[-1] - still)[:50])
    assert last[62:68, 8:17].mean() == pytest.approx(frames[-1][62:68, 8:17].mean(), abs=25)


@pytest.mark.parametrize(
    ("pixels", "preset", "frames"),
    [
        (1280 * 720, "medium", None),
        (1920 * 1080, "medium", 25),
        (3840 * 2160, "slow", 20),
        (1920 * 1080, "fast", 25),
        (1920 * 1080, "faster", None),
    ],
)
def test_large_frames_are_looked_at_less_far_ahead(pixels, preset, frames):
    found = encoding(
        CODECS["h264"],
        LAYOUTS["yuv420p"],
        crf=18,
        preset=preset,
        threads=1,
        reorders=True,
        pixels=pixels,
    )
    parts = dict(part.split("=") for part in dict(found.options)["x264-params"].split(":"))
    assert parts.get("rc-lookahead") == (None if frames is None else str(frames))
