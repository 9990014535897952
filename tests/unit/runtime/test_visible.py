"""Colours that transparency hides change nothing, and nothing changes them: arrays and files."""

from __future__ import annotations

import numpy as np
import pytest

from fake.night import night
from relume import enhance
from relume.errors import ContractError
from relume.photo import Photo
from relume.runtime import Enhancer, load
from relume.runtime.visible import visible

METHODS = ["auto", "exposure", "he", "clahe", "fusion", "lime", "relume", "sgz"]


def ellipse(height: int, width: int, *, soft: bool = False) -> np.ndarray:
    y, x = np.mgrid[:height, :width]
    inside = 1.2 - np.hypot(y / height - 0.5, x / width - 0.45) * 3.4
    return np.rint(np.clip(inside * (4 if soft else 1e6), 0, 1) * 255).astype(np.uint8)


def hidden_as(pixels: np.ndarray, alpha: np.ndarray, colour: tuple[int, int, int]) -> np.ndarray:
    changed = pixels.copy()
    changed[alpha == 0] = colour
    return changed


@pytest.mark.parametrize("soft", [False, True], ids=["hard", "soft"])
@pytest.mark.parametrize("method", METHODS)
def test_hidden_colours_are_not_looked_at_and_stay(method, soft):
    pixels = (night(90, 120) * 255).astype(np.uint8)
    alpha = ellipse(90, 120, soft=soft)
    enhancer = Enhancer(method)
    results = []
    for colour in ((255, 255, 255), (0, 0, 0), (200, 0, 90)):
        given = hidden_as(pixels, alpha, colour)
        result = enhancer.photo(Photo(given, alpha=alpha)).photo
        assert np.array_equal(result.pixels[alpha == 0], given[alpha == 0])
        assert result.alpha is alpha
        array = enhancer.array(np.dstack([given, alpha]))
        assert np.array_equal(array, np.dstack([result.pixels, alpha]))
        results.append(result.pixels[alpha > 0])
    assert np.array_equal(results[0], results[1])
    assert np.array_equal(results[0], results[2])


@pytest.mark.parametrize("method", METHODS)
def test_a_visible_rectangle_is_enhanced_as_if_it_were_alone(method):
    pixels = (night(90, 120) * 255).astype(np.uint8)
    alpha = np.zeros((90, 120), np.uint8)
    alpha[20:70, 30:100] = 255
    enhancer = Enhancer(method)
    whole = enhancer.photo(Photo(hidden_as(pixels, alpha, (255, 255, 255)), alpha=alpha)).photo
    alone = enhancer.photo(Photo(pixels[20:70, 30:100].copy())).photo
    assert np.array_equal(whole.pixels[20:70, 30:100], alone.pixels)


@pytest.mark.parametrize("method", ["exposure", "he", "auto_gamma"])
def test_global_statistics_are_those_of_the_visible_pixels(method):
    """As if the visible pixels were a picture of their own, in any order."""
    pixels = (night(90, 120) * 255).astype(np.uint8)
    alpha = ellipse(90, 120)
    found = Enhancer(method).photo(Photo(hidden_as(pixels, alpha, (9, 9, 9)), alpha=alpha)).photo
    seen = pixels[alpha > 0]
    alone = load(method)(seen[: len(seen) // 60 * 60].reshape(60, -1, 3)).reshape(-1, 3)
    apart = np.abs(found.pixels[alpha > 0][: len(alone)].astype(int) - alone)
    # The two pictures differ by the few pixels that fill no row, and by the lattice of `thin`.
    assert apart.mean() < 1.0


def test_half_hidden_counts_half():
    bright, dark = 200, 40
    pixels = np.full((40, 40, 3), dark, np.uint8)
    pixels[:, 20:] = bright
    alpha = np.full((40, 40), 255, np.uint8)
    alpha[:, 20:] = 51  # a fifth
    alone = visible(pixels, alpha).alone
    assert (alone == bright).mean() == pytest.approx(0.2 / 1.2, abs=0.02)


@pytest.mark.parametrize("level", [0, 255])
def test_all_or_nothing_hidden(level):
    pixels = (night(30, 40) * 255).astype(np.uint8)
    alpha = np.full((30, 40), level, np.uint8)
    assert visible(pixels, alpha) is None


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_floats(dtype):
    alpha = np.zeros((40, 50, 1))
    alpha[5:30, 5:40] = 1.0
    one, other = night(40, 50).astype(np.float64), night(40, 50).astype(np.float64)
    other[alpha[..., 0] == 0] = 1.0
    first, second = (
        enhance(np.dstack([each, alpha]).astype(dtype), method="he") for each in (one, other)
    )
    assert first.dtype == dtype
    assert np.array_equal(first[5:30, 5:40], second[5:30, 5:40])
    assert (second[alpha[..., 0] == 0, :3] == 1).all()


LAYOUTS = {
    "little-endian": lambda a: a.astype(a.dtype.newbyteorder("<")),
    "columns first": np.asfortranarray,
    "backwards": lambda a: a[::-1, ::-1][::-1, ::-1],
    "every second": lambda a: np.repeat(np.repeat(a, 2, axis=0), 2, axis=1)[::2, ::2],
    "unaligned": lambda a: np.ndarray(a.shape, a.dtype, b"\0" + a.tobytes(), offset=1),
    "planes": lambda a: np.moveaxis(np.ascontiguousarray(np.moveaxis(a, -1, 0)), 0, -1),
}


@pytest.mark.parametrize("method", ["gamma", "clahe"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, np.float64])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_arrays_of_any_layout(layout, dtype, method):
    top = 1 if np.issubdtype(dtype, np.floating) else np.iinfo(dtype).max
    image = (night(33, 41) * top).astype(dtype)
    given = LAYOUTS[layout](image)
    given.flags.writeable = False
    before = given.tobytes()
    result = enhance(given, method=method)
    assert result.dtype == given.dtype
    assert np.array_equal(result, enhance(image, method=method))
    assert result.flags.writeable
    assert given.tobytes() == before


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((0, 5, 3), np.uint8),
        np.zeros((5, 0), np.uint8),
        np.zeros((5, 5, 0), np.uint8),
        np.zeros((5, 5, 5), np.uint8),
        np.zeros((5, 5, 3), np.int32),
        np.zeros((5, 5, 3), bool),
        np.zeros(5, np.uint8),
        np.full((5, 5, 4), np.nan, np.float32),
        [[1, 2], [3, 4]],
    ],
    ids=lambda image: str(getattr(image, "shape", "list")),
)
def test_other_arrays_get_one_line(image):
    with pytest.raises(ContractError, match=r"^image: expected"):
        enhance(image)
