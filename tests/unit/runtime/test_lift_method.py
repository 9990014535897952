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
