from __future__ import annotations

import numpy as np
import pytest

from fake.night import night
from relume.runtime import load
from relume.runtime.lift_method import LiftMethod, reduced


@pytest.fixture(scope="module")
def method() -> LiftMethod:
    loaded = load("relume")
    assert isinstance(loaded, LiftMethod)
    return loaded


def bytes_of(image: np.ndarray) -> np.ndarray:
    return np.rint(image * 255).astype(np.uint8)


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_tiles_equal_the_whole(method, dtype):
    image = night(410, 330)
    image = bytes_of(image) if dtype == "uint8" else image
    whole = method(image)
    tiled = load("relume", memory=1)(image)  # the smallest tiles there are: 176 with their halos
    assert np.abs(tiled.astype(float) - whole).max() <= (1 if dtype == "uint8" else 2e-5)


def test_threads_change_nothing():
    image = bytes_of(night(300, 280))
    one, three = (load("relume", threads=threads, memory=1)(image) for threads in (1, 3))
    assert np.array_equal(one, three)


def test_bytes_need_no_detour(method):
    """Without denoising a picture is rendered from bytes to bytes; floats give the same."""
    image = bytes_of(night(120, 200))
    direct = method(image, denoise=0).astype(float)
    exact = method(image.astype(np.float32) / np.float32(255), denoise=0) * 255
    assert np.abs(direct - exact).max() <= 0.51


def test_knobs_do_what_they_say(method):
    image = bytes_of(night(120, 200))
    plain = method(image).mean()
    assert method(image, exposure=1).mean() > plain + 5
    assert method(image, exposure=-1).mean() < plain - 5
    assert method(image, highlights=1).mean() <= method(image, highlights=0).mean()


@pytest.mark.parametrize("denoise", [0.0, 1.0])
def test_black_and_white_is_one_plane(method, denoise):
    plane = bytes_of(night(130, 90)[..., 1])
    image = np.repeat(plane[..., None], 3, axis=2)
    found = method(image, denoise=denoise)
    assert found.shape == image.shape
    assert np.array_equal(found, np.repeat(method(plane, denoise=denoise)[..., None], 3, axis=2))
    image[64, 45] = (90, 91, 90)  # not one any more
    assert np.ptp(method(image, denoise=denoise), axis=2).max() > 0


def test_maps_are_small(method):
    maps = method.maps(night(200, 100))
    assert maps["slope"].shape == maps["offset"].shape == (48, 48, 5)
    assert maps["amount"].shape == (48, 48, 1)
    assert 0 <= maps["amount"].min() <= maps["amount"].max() <= 1


@pytest.mark.parametrize("size", [(96, 96), (1, 1), (30, 200), (97, 5), (400, 300)])
def test_reduction_keeps_the_mean(size):
    image = night(*size)
    small = reduced(image, 96)
    assert small.shape == (96, 96, 3)
    assert np.allclose(small.mean(axis=(0, 1)), image.mean(axis=(0, 1)), atol=1e-5)


def black_with_a_lamp(levels: list[int]) -> tuple[np.ndarray, np.ndarray]:
    """Return a night that holds rounding and a lamp alone, and which pixels are far from it."""
    drawn = np.random.default_rng(0).choice(levels, size=(240, 320, 1))
    image = np.repeat(drawn.astype(np.uint8), 3, axis=2)
    down, right = np.mgrid[:240, :320]
    distance = np.hypot(down - 60, right - 250)
    image[distance < 7] = 250
    return image, distance > 60


@pytest.mark.parametrize("levels", [[0], [0, 1], [0, 0, 0, 1], [1]])
@pytest.mark.parametrize("knobs", [{}, {"exposure": 2}, {"denoise": 0}])
def test_what_a_file_does_not_hold_stays_black(method, levels, knobs):
    image, far = black_with_a_lamp(levels)
    assert method(image, **knobs)[far].mean() < 8
    assert method(image, floor=0, **knobs)[far].mean() >= method(image, **knobs)[far].mean()


def test_what_sixteen_bits_hold_under_a_level_of_eight_is_lifted(method):
    image, far = black_with_a_lamp([1])
    fine = image.astype(np.uint16) * 257
    assert method(fine)[far].mean() / 257 > 3 * method(image)[far].mean()


@pytest.mark.parametrize("knobs", [{}, {"exposure": 2}, {"denoise": 0}])
def test_a_wedge_of_the_darkest_levels_rises(method, knobs):
    wedge = np.repeat(np.repeat(np.arange(17, dtype=np.uint8), 24)[None], 240, axis=0)
    found = method(wedge, **knobs)
    steps = [float(np.median(found[:, 24 * level + 6 : 24 * level + 18])) for level in range(17)]
    assert steps == sorted(steps)
