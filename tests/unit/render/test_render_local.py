"""Renderings by tables of tiles, and by any function of a pixel and a map."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from render_reference import TOP, enlarged
from render_strategies import a_picture, dtypes, seeds, sizes, strengths

from relume.errors import ContractError
from relume.render import Local, Tiles, apply, backend, centred
from relume.render.kernel import kernel

KERNELS = ["", "numpy"]


@pytest.fixture(params=KERNELS)
def either(request, monkeypatch):
    monkeypatch.setenv("RELUME_KERNEL", request.param)
    return request.param


def luma_of(unit: np.ndarray) -> np.ndarray:
    return unit if unit.ndim == 2 else unit @ [0.299, 0.587, 0.114]


def tiled(tiles: Tiles, picture: np.ndarray, strength: float) -> np.ndarray:
    """Enlarge every level of the tables and read each pixel's: whole and slow, in levels."""
    top = TOP[picture.dtype.name]
    unit = picture.astype(np.float64) / top
    key = luma_of(unit)
    tables = enlarged(tiles.tables, tiles.grid, *key.shape)
    last = tables.shape[2] - 1
    position = np.clip(key * last, 0, last)
    level = np.minimum(position.astype(int), last - 1)[..., None]
    low, high = (np.take_along_axis(tables, level + k, axis=2)[..., 0] for k in (0, 1))
    change = low + (position - level[..., 0]) * (high - low) - key
    after = np.clip(unit + (change if unit.ndim == 2 else change[..., None]), 0, 1)
    return top * np.clip(unit + strength * (after - unit), 0, 1)


def some_tiles(rng: np.random.Generator, size: tuple[int, int]) -> Tiles:
    shape = (*rng.integers(1, 5, 2), rng.choice([2, 3, 256]))
    small = (int(shape[0]), int(shape[1]))
    return Tiles(np.sort(rng.random(shape, np.float32), axis=2), centred(small, size))


@settings(max_examples=80, deadline=None)
@given(dtype=dtypes, size=sizes, gray=st.booleans(), strength=strengths, seed=seeds)
def test_tiles_are_the_formula(dtype, size, gray, strength, seed):
    rng = np.random.default_rng(seed)
    picture, tiles = a_picture(rng, dtype, size, gray), some_tiles(rng, size)
    expected = tiled(tiles, picture, strength)
    # In levels: rounding to nearest, and what single precision makes of a steep table: a step of
    # the whole range within one level of 256.
    off = {"uint8": 0.52, "uint16": 4.0, "float32": 6e-5}[dtype] * max(1, strength)
    for code in KERNELS:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("RELUME_KERNEL", code)
            result = apply(tiles, picture, strength=strength)
        assert result.dtype == picture.dtype
        assert np.abs(result - expected).max() <= off


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("gray", [False, True])
def test_straight_tables_keep_the_picture(either, dtype, gray):
    picture = a_picture(np.random.default_rng(0), dtype, (61, 127), gray)
    tables = np.broadcast_to(np.linspace(0, 1, 256, dtype=np.float32), (3, 4, 256))
    result = apply(Tiles(tables, centred((3, 4), (61, 127))), picture)
    off = {"uint8": 0, "uint16": 1, "float32": 2e-6}[dtype]  # interpolation in single precision
    assert np.abs(result.astype(float) - picture).max() <= off


def test_bands_of_tiles_leave_no_seam(either):
    rng = np.random.default_rng(1)
    picture = np.tile(a_picture(rng, "uint8", (130, 100), gray=False), (10, 10, 1))
    tiles = some_tiles(rng, (1300, 1000))
    assert np.array_equal(apply(tiles, picture, threads=3), apply(tiles, picture, threads=1))


@pytest.mark.parametrize(
    "tables",
    [
        np.zeros((2, 2), np.float32),
        np.zeros((2, 2, 1), np.float32),
        np.full((2, 2, 4), 1.5, np.float32),
        np.full((2, 2, 4), np.nan, np.float32),
    ],
)
def test_wrong_tables_are_refused(either, tables):
    with pytest.raises(ContractError, match="tables"):
        apply(Tiles(tables, centred((2, 2), (4, 4))), np.zeros((4, 4, 3), np.uint8))


@pytest.mark.skipif(kernel() is None, reason=f"needs the compiled kernel, not {backend()}")
@pytest.mark.parametrize("levels", [0, 1, 5, 65537])
def test_the_kernel_refuses_wrong_levels(levels):
    code = kernel()
    assert code is not None
    picture = np.zeros((1, 1, 3), np.uint8)
    index, weight = np.zeros(1, np.int32), np.zeros(1, np.float32)
    small = np.zeros((1, 1, 4), np.float32)
    with pytest.raises(ValueError, match=r"levels|map|sizes"):
        code.tiles(
            picture, picture.copy(), 1, (1, 1, 3), small, (1, 1, levels),
            index, weight, index, weight, 1.0, 0,
        )  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(
    dtype=dtypes, size=sizes, gray=st.booleans(), strength=strengths, seed=seeds,
    depth=st.integers(1, 5),
)  # fmt: skip
def test_local_is_the_function_of_pixel_and_map(dtype, size, gray, strength, seed, depth):
    rng = np.random.default_rng(seed)
    picture = a_picture(rng, dtype, size, gray)
    small = rng.random((3, 2, depth), np.float32)
    grid = centred((3, 2), size)

    def transfer(encoded, here):
        return encoded * here[..., :1] + here.sum(axis=-1, keepdims=True) / 9

    result = apply(Local(transfer, small, grid), picture, strength=strength)
    top = TOP[dtype]
    unit = picture.reshape(*size, -1) / np.float64(top)
    after = np.clip(transfer(unit, enlarged(small, grid, *size)), 0, 1)
    expected = top * np.clip(unit + strength * (after - unit), 0, 1)
    off = {"uint8": 0.51, "uint16": 0.6, "float32": 2e-6}[dtype] * max(1, strength)
    assert np.abs(result.reshape(expected.shape) - expected).max() <= off


def test_local_may_return_its_pixels():
    picture = np.random.default_rng(0).random((9, 8, 3), np.float32)
    small, grid = np.zeros((1, 1, 1), np.float32), centred((1, 1), (9, 8))
    assert np.array_equal(apply(Local(lambda e, _: e, small, grid), picture), picture)
    flipped = apply(Local(lambda e, _: e[..., ::-1], small, grid), picture)
    assert np.array_equal(flipped, picture[..., ::-1])


def test_local_refuses_another_shape():
    small, grid = np.zeros((1, 1, 1), np.float32), centred((1, 1), (9, 8))
    with pytest.raises(ContractError, match="shape"):
        apply(Local(lambda e, _: e[:1], small, grid), np.zeros((9, 8, 3), np.uint8))
    with pytest.raises(ContractError, match="local map"):
        apply(Local(lambda e, _: e, small[0], grid), np.zeros((9, 8, 3), np.uint8))
