"""Mosaics of any phase, size and camera come out right."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fake.night import night
from relume.colour import encode_srgb
from relume.data.mosaicking import mosaicked
from relume.errors import ContractError, WeightsError
from relume.photo import Mosaic
from relume.runtime import load, mosaic_method
from relume.runtime.camera_colours import to_srgb
from relume.runtime.mosaic_method import MosaicMethod

KNOBS = {"amplification": 8.0}
BLACK, WHITE = 512, 16383
MATRIX = np.array([[1.7, -0.5, -0.2], [-0.2, 1.5, -0.3], [0.0, -0.6, 1.6]])


@pytest.fixture(scope="module")
def method() -> MosaicMethod:
    found = load("llpacknet")
    assert isinstance(found, MosaicMethod)
    return found


def counted(light: np.ndarray, gains: tuple[float, float, float] = (2.0, 1.0, 1.6)) -> Mosaic:
    """What a sensor in RGGB phase counts of linear white-balanced light, without noise."""
    plane = mosaicked((light / gains).astype(np.float32))
    counts = np.rint(plane * (WHITE - BLACK) + BLACK).astype(np.uint16)
    return Mosaic(counts, "RGGB", (BLACK,) * 4, WHITE, gains)


def test_all_phases_give_the_same_picture_up_to_the_shift(method: MosaicMethod) -> None:
    whole = counted(np.repeat(night(102, 118)[..., 1:2], 3, axis=2) / 8)
    expected = method.develop(whole, knobs=KNOBS)
    for (down, right), cfa in {(0, 1): "GRBG", (1, 0): "GBRG", (1, 1): "BGGR"}.items():
        shifted = replace(whole, samples=whole.samples[down:, right:], cfa=cfa)
        found = method.develop(shifted, knobs=KNOBS)
        assert found.shape == (102 - down, 118 - right, 3)
        # Only the mirrored border differs, and fades: cells are 16 wide.
        inside = np.abs(found - expected[down:, right:])[40:-40, 40:-40]
        assert inside.mean() < 0.01


def test_colours_are_not_swapped(method: MosaicMethod) -> None:
    for channel in range(3):
        light = np.full((96, 96, 3), 0.02, np.float32)
        light[..., channel] = 0.05
        middle = method.develop(counted(light), knobs=KNOBS)[32:64, 32:64].mean(axis=(0, 1))
        assert middle.argmax() == channel


def test_full_sites_come_out_white(method: MosaicMethod) -> None:
    light = np.full((96, 96, 3), 0.02, np.float32)
    mosaic = counted(light)
    mosaic.samples[40:56, 40:56] = WHITE
    lamp = method.develop(replace(mosaic, matrix=MATRIX), knobs=KNOBS)[44:52, 44:52]
    assert lamp.min() > 0.8
    assert np.ptp(lamp.mean(axis=(0, 1))) < 0.1, "no tint"


@pytest.mark.parametrize("size", [(2, 2), (17, 33), (50, 31)])
def test_any_size_comes_out_at_its_size(method: MosaicMethod, size: tuple[int, int]) -> None:
    mosaic = counted(night(*size) / 8)
    for knobs in (KNOBS, {"amplification": 0.0}):
        found = method.develop(mosaic, knobs=knobs)
        assert found.shape == (*size, 3)
        assert found.dtype == np.float32
        assert 0 <= found.min() <= found.max() <= 1


def test_tiles_agree_with_the_whole(method: MosaicMethod, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the amplification is automatic: it is found once, on the whole mosaic."""
    plane = mosaicked(night(80, 1000)) / 8
    for amplification in (8.0, 0.0):
        whole = method(plane, amplification=amplification)
        with monkeypatch.context() as patch:
            patch.setattr(mosaic_method, "WHOLE", 10_000)
            patch.setattr(mosaic_method, "SIDE", 900)
            pieces = method(plane, amplification=amplification)
        # Vector lengths differ between a tile and the whole, and with them the order of sums.
        assert np.abs(whole - pieces).max() < 1e-5


def test_strength_moves_the_amplification(method: MosaicMethod) -> None:
    plane = mosaicked(night(64, 64)) / 8
    half = method.apply(plane, knobs={"amplification": 16.0}, strength=0.5)
    assert np.array_equal(half, method(plane, amplification=4))
    none = method.apply(plane, knobs={"amplification": 0.0}, strength=0.0)
    assert np.array_equal(none, method(plane, amplification=1))


def test_the_map_is_the_automatic_amplification(method: MosaicMethod) -> None:
    plane = mosaicked(night(64, 48)) / 8
    maps = method.maps(plane, amplification=3)
    assert maps.keys() == {"automatic_amplification"}
    found = maps["automatic_amplification"]
    assert found.shape == (1, 1, 1)
    assert np.allclose(method(plane), method(plane, amplification=float(found.item())), atol=1e-6)


def test_a_picture_is_no_mosaic(method: MosaicMethod) -> None:
    with pytest.raises(ContractError, match="one plane"):
        method(night(32, 32))


def test_a_model_of_other_outputs_is_refused(method: MosaicMethod) -> None:
    class Other:
        inputs, outputs = ("image",), ("enhanced",)

    with pytest.raises(WeightsError, match="amplification"):
        MosaicMethod(Other(), method.card)  # pyright: ignore[reportArgumentType]


def test_camera_colours_equal_the_formula() -> None:
    random = np.random.default_rng(0)
    picture = random.random((70, 9, 3), np.float32)
    light = np.where(picture <= 0.04045, picture / 12.92, ((picture + 0.055) / 1.055) ** 2.4)
    expected = encode_srgb(np.clip(light @ MATRIX.T, 0, 1))
    difference = np.abs(to_srgb(picture.copy(), MATRIX) - expected)
    assert difference.mean() < 1e-5
    # Where a matrix takes light from light and leaves next to none, steps of 16 bits show.
    assert difference.max() < 2e-4
    assert np.array_equal(to_srgb(picture.copy(), np.eye(3)), picture)
    gray = np.repeat(picture[..., :1], 3, axis=2)
    assert np.abs(to_srgb(gray.copy(), MATRIX) - gray).max() < 5e-5
