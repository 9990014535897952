"""What goes out of a lossless format is what went in, bit for bit; lossy ones stay near."""

from __future__ import annotations

from io import BytesIO

import cv2
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image

from fake import pictures
from relume.io import encode, read
from relume.photo import Photo
from shared import need_shared

sides = st.integers(1, 40)
SLOW = settings(max_examples=40, deadline=None)  # the first call loads a codec


def photo(height: int, width: int, *, gray: bool, bits: int, alpha: bool, seed: int) -> Photo:
    return Photo(
        pictures.pixels(height, width, channels=1 if gray else 3, bits=bits, seed=seed),
        alpha=pictures.pixels(height, width, channels=1, bits=bits, seed=seed + 1)
        if alpha
        else None,
    )


def assert_same(got: Photo, expected: Photo) -> None:
    assert got.pixels.dtype == expected.pixels.dtype
    assert np.array_equal(got.pixels, expected.pixels)
    assert (got.alpha is None) == (expected.alpha is None)
    if got.alpha is not None and expected.alpha is not None:
        assert got.alpha.dtype == expected.alpha.dtype
        assert np.array_equal(got.alpha, expected.alpha)


@SLOW
@given(
    height=sides,
    width=sides,
    gray=st.booleans(),
    bits=st.sampled_from((8, 16)),
    alpha=st.booleans(),
    seed=st.integers(0, 99),
    name=st.sampled_from(("png", "tiff")),
)
def test_png_and_tiff_keep_everything(height, width, gray, bits, alpha, seed, name):
    before = photo(height, width, gray=gray, bits=bits, alpha=alpha, seed=seed)
    after = read(encode(before, format=name))
    assert_same(after, before)
    assert after.pixels.flags.c_contiguous
    assert after.pixels.flags.writeable
    assert after.format == name
    assert after.notes == ()


@SLOW
@given(height=sides, width=sides, alpha=st.booleans(), seed=st.integers(0, 99))
@example(height=1, width=1, alpha=True, seed=0)  # alpha that hides nothing
def test_lossless_webp(height, width, alpha, seed):
    before = photo(height, width, gray=False, bits=8, alpha=alpha, seed=seed)
    after = read(encode(before, format="webp", quality=100))
    assert_same(after, before)
    assert after.quality == 100  # and so it is lossless when it is written again
    assert_same(read(encode(after)), before)


@SLOW
@given(height=sides, width=sides, gray=st.booleans(), seed=st.integers(0, 99))
def test_bmp(height, width, gray, seed):
    before = photo(height, width, gray=gray, bits=8, alpha=False, seed=seed)
    assert_same(read(encode(before, format="bmp")), before)


@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 37), (37, 1), (2, 3), (64, 65)])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("name", ["jpeg", "webp", "avif"])
def test_lossy_formats_stay_near(name, channels, height, width):
    before = pictures.smooth(height, width, channels=channels)
    after = read(encode(Photo(before), format=name, quality=95)).pixels
    expected = np.repeat(before[..., None], 3, 2) if after.ndim > before.ndim else before
    # Half-size chroma on slopes of up to 40 levels over three pixels, and rounding to YCbCr.
    assert np.abs(after.astype(int) - expected).mean() < 6


@pytest.mark.parametrize("name", ["jpeg", "webp", "avif", "bmp"])
def test_sixteen_bits_are_rounded_and_said_to_be(name, tmp_path):
    from relume.io import write

    deep = pictures.pixels(9, 7, bits=16)
    stream = BytesIO()
    notes = write(Photo(deep), stream, format=name, quality=100)
    assert any(f"16 bits rounded to {10 if name == 'avif' else 8}" in note for note in notes)
    if name in ("bmp", "webp"):
        expected = np.rint(deep / 257).astype(np.uint8)
        assert np.array_equal(read(stream.getvalue()).pixels, expected)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("bits", [8, 16])
def test_our_tiff_reads_elsewhere(bits, order):
    image = pictures.pixels(70, 300, bits=bits)  # several strips
    data = encode(Photo(image, exif=pictures.exif(order=order)), format="tiff")
    theirs = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    assert np.array_equal(theirs[..., ::-1], image)
    if bits == 8:
        assert np.array_equal(np.asarray(Image.open(BytesIO(data))), image)


@pytest.mark.parametrize("name", ["christmas_tree_16bit.png", "desk_dark_16bit.png"])
def test_real_sixteen_bit_png_agrees_with_opencv(name):
    path = need_shared("data", "misc", name)
    ours = read(path)
    theirs = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    assert ours.bits == 16
    assert np.array_equal(ours.pixels, theirs[..., ::-1] if theirs.ndim == 3 else theirs)
    assert np.array_equal(read(encode(ours, format="tiff")).pixels, ours.pixels)


def test_alpha_that_hides_nothing_stays_in_lossless_webp():
    pixels = pictures.pixels(9, 7, bits=8)
    opaque = Photo(pixels, alpha=np.full((9, 7), 255, np.uint8), exif=pictures.exif(order="<"))
    assert_same(read(encode(opaque, format="webp", quality=100)), opaque)
