"""Tiles, padding and reduction against plain statements of what they should be."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fake.night import night
from relume.card import Card
from relume.errors import ContractError
from relume.levels import to_rgb
from relume.tiles import cutter, fit

sizes = st.integers(1, 90)


def card(*, reach: int | None, multiple_of: int = 1) -> Card:
    return Card("blur", "Blur", "Mean.", "neural", reach, multiple_of=multiple_of)


@given(sizes, sizes, st.integers(8, 64), st.integers(0, 9), st.sampled_from([1, 2, 8]))
def test_tiles_cover_every_pixel_once(
    height: int, width: int, side: int, halo: int, multiple_of: int
) -> None:
    seen = np.zeros((height, width), int)
    shapes: set[tuple[int, ...]] = set()
    for tile in cutter.tiles(height, width, side=side, halo=halo, multiple_of=multiple_of):
        seen[tile.inner] += 1
        outer = np.zeros((height, width), bool)
        outer[tile.outer] = True
        rows, columns = tile.inner
        # The halo is there in full, or the picture ends.
        assert outer[
            max(rows.start - halo, 0) : rows.stop + halo,
            max(columns.start - halo, 0) : columns.stop + halo,
        ].all()
        assert tile.outer[0].start % multiple_of == 0
        assert tile.outer[1].start % multiple_of == 0
        shapes.add(tuple(-(-(s.stop - s.start) // multiple_of) for s in tile.outer))
    assert (seen == 1).all()
    assert len(shapes) == 1, "an engine would prepare for each size"


@given(
    st.integers(1, 3000),
    st.integers(1, 3000),
    st.integers(200, 1024),
    st.integers(0, 60),
    st.sampled_from([1, 2, 8]),
)
def test_tiles_have_at_most_the_pixels_of_a_square_of_their_side(
    height: int, width: int, side: int, halo: int, multiple_of: int
) -> None:
    cut = list(cutter.tiles(height, width, side=side, halo=halo, multiple_of=multiple_of))
    tall, wide = cut[0].outer[0].stop, cut[0].outer[1].stop
    room = 2 * (halo + multiple_of - 1) + multiple_of  # a halo is a multiple itself
    assert tall * wide <= max(side, room) ** 2
    if (height + multiple_of) * (width + multiple_of) <= side * side:
        assert len(cut) == 1


def test_tiles_are_cut_so_that_little_is_computed_twice() -> None:
    for height, width, most in ((2848, 4256, 1.21), (1080, 1920, 1.18), (4256, 2848, 1.21)):
        cut = list(cutter.tiles(height, width, side=1024, halo=55, multiple_of=8))
        seen = sum(
            (tile.outer[0].stop - tile.outer[0].start) * (tile.outer[1].stop - tile.outer[1].start)
            for tile in cut
        )
        assert seen <= most * height * width
        assert len(cut) % 2 == 0, "one of two workers would wait for the other"


@given(sizes, sizes, st.integers(1, 13))
def test_reduction_is_the_bilinear_one_of_the_extended_picture(
    height: int, width: int, factor: int
) -> None:
    image = night(height, width)
    rows, columns = -(-height // factor), -(-width // factor)
    extended = np.pad(
        image, ((0, rows * factor - height), (0, columns * factor - width), (0, 0)), mode="edge"
    )

    def along(array: np.ndarray, count: int) -> np.ndarray:
        position = (np.arange(count) + 0.5) * factor - 0.5
        first = np.floor(position).astype(int)
        weight = (position - first)[:, None, None]
        second = np.minimum(first + 1, len(array) - 1)
        return (1 - weight) * array[first] + weight * array[second]

    expected = along(extended, rows)
    expected = along(expected.transpose(1, 0, 2), columns).transpose(1, 0, 2)
    assert np.abs(fit.reduce_by(image, factor) - expected).max() < 1e-6


@given(sizes, sizes, st.sampled_from([1, 4, 8]), st.sampled_from([40, 64]))
def test_a_local_filter_in_tiles_equals_the_whole(
    height: int, width: int, multiple_of: int, side: int
) -> None:
    image = night(height, width)

    def blur(piece: np.ndarray) -> np.ndarray:
        assert piece.shape[0] % multiple_of == 0
        padded = np.pad(piece, ((1, 1), (1, 1), (0, 0)))
        window = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(0, 1))
        return window.mean(axis=(-1, -2))

    settings = card(reach=1, multiple_of=multiple_of)
    whole = fit.run_in_tiles(blur, image, card=settings, side=10_000)
    assert np.abs(fit.run_in_tiles(blur, image, card=settings, side=side) - whole).max() < 1e-6


@pytest.mark.parametrize("multiple_of", [1, 8])
def test_a_global_method_is_never_cut(multiple_of: int) -> None:
    shapes: list[tuple[int, ...]] = []

    def note(piece: np.ndarray) -> np.ndarray:
        shapes.append(piece.shape)
        return piece

    settings = card(reach=None, multiple_of=multiple_of)
    fit.run_in_tiles(note, night(130, 70), card=settings, side=32)
    assert shapes == [(130, 70, 3) if multiple_of == 1 else (136, 72, 3)]


@given(st.sampled_from(["uint8", "uint16"]), sizes)
def test_integers_survive_the_round_trip(dtype: str, size: int) -> None:
    levels = np.random.default_rng(size).integers(0, np.iinfo(dtype).max, (size, 3, 3), dtype=dtype)
    assert np.array_equal(fit.from_unit(to_rgb(levels), levels), levels)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_gray_is_three_equal_channels(dtype: str) -> None:
    gray = (night(9, 7)[..., 0] * 200).astype(dtype) / (255 if dtype == "float32" else 1)
    gray = gray.astype(dtype)
    unit = to_rgb(gray)
    assert unit.shape == (9, 7, 3)
    assert np.abs(fit.from_unit(unit, gray).astype(float) - gray).max() < 1e-6


def test_floats_outside_the_range_are_clipped() -> None:
    assert to_rgb(np.array([[[-1.0, 0.5, 2.0]]], np.float32)).tolist() == [[[0.0, 0.5, 1.0]]]


def test_a_tile_has_room_beside_its_halo() -> None:
    assert cutter.side_of_tile(card(reach=500), memory=1) > 1000


@pytest.mark.parametrize("array", [np.zeros((2, 2, 4), np.uint8), np.zeros((2, 2), np.float64)])
def test_other_arrays_are_refused(array: np.ndarray) -> None:
    with pytest.raises(ContractError):
        fit.check_picture(array)
