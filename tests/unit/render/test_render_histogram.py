from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from render_strategies import a_picture, seeds, sizes

from relume.errors import UnknownNameError
from relume.render import histogram

KERNELS = ["", "numpy"]
LEVELS = ("luma", "value", "red", "green", "blue")


def levels(picture: np.ndarray, of: str) -> np.ndarray:
    if picture.ndim == 2:
        plane = picture.astype(np.float64)
    elif of == "luma":
        # In whole thousandths, so that halves are exact.
        plane = (picture.astype(np.float64) * (299, 587, 114)).sum(axis=2) / 1000
    elif of == "value":
        plane = picture.max(axis=2)
    else:
        plane = picture[..., LEVELS.index(of) - 2]
    return np.floor(plane + 0.5).astype(int)


@settings(deadline=None)
@given(
    dtype=st.sampled_from(["uint8", "uint16"]),
    size=sizes,
    gray=st.booleans(),
    of=st.sampled_from(LEVELS),
    kernel=st.sampled_from(KERNELS),
    seed=seeds,
)
def test_counts_every_pixel_in_its_bin(dtype, size, gray, of, kernel, seed):
    picture = a_picture(np.random.default_rng(seed), dtype, size, gray)
    expected = np.bincount(levels(picture, of).ravel(), minlength=np.iinfo(dtype).max + 1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RELUME_KERNEL", kernel)
        for layout in (picture, picture[::-1], np.asfortranarray(picture)):
            counted = histogram(layout, of=of)
            assert counted.dtype == np.int64
            assert np.array_equal(counted, expected)


@pytest.mark.parametrize("of", LEVELS)
@pytest.mark.parametrize("kernel", KERNELS)
def test_floats_fall_into_16_bit_bins(of, kernel, monkeypatch):
    monkeypatch.setenv("RELUME_KERNEL", kernel)
    exact = a_picture(np.random.default_rng(5), "uint16", (40, 50), gray=False)
    counted = histogram((exact / 65535).astype(np.float32), of=of)
    off = np.repeat(np.arange(65536), counted) - np.sort(levels(exact, of).ravel())
    assert np.abs(off).max() <= (1 if of == "luma" else 0)  # a sum next to a half
    odd = np.array([[-1, 2, np.nan, 0.5]], np.float32)
    assert np.flatnonzero(histogram(odd, of=of)).tolist() == [0, 32768, 65535]


@pytest.mark.parametrize("kernel", KERNELS)
def test_bands_add_up(kernel, monkeypatch):
    monkeypatch.setenv("RELUME_KERNEL", kernel)
    picture = np.full((3000, 1000), 7, np.uint8)  # three bands
    assert histogram(picture, of="luma").nonzero()[0].tolist() == [7]
    assert histogram(picture, of="luma")[7] == 3_000_000


def test_luma_is_opencvs_gray_except_next_to_a_half():
    cv2 = pytest.importorskip("cv2")
    picture = a_picture(np.random.default_rng(6), "uint8", (300, 400), gray=False)
    gray = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(int)
    thousandths = (picture.astype(int) * (299, 587, 114)).sum(axis=2) % 1000
    off = gray - levels(picture, "luma")
    assert np.abs(off).max() <= 1
    assert (np.abs(thousandths[off != 0] - 500) <= 25).all()


def test_names_its_levels():
    with pytest.raises(UnknownNameError, match="luma"):
        histogram(np.zeros((2, 2), np.uint8), of="lum")
