"""The parts of the audit: planes, turns, the index."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fake import datasets as fake
from relume.audit import keypoints
from relume.audit.index import Index
from relume.audit.keypoints import TURNS, WIDTH, Turn
from relume.audit.planes import blur, sample, shrink

sizes = st.integers(1, 70)


@settings(deadline=None)
@given(height=sizes, width=sizes, sigma=st.sampled_from([0.7, 2.0, 4.0]))
def test_blur_is_a_gaussian_with_mirrored_borders(height: int, width: int, sigma: float) -> None:
    plane = np.random.default_rng(0).random((height, width)).astype(np.float32)
    reach = int(np.ceil(3 * sigma))
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    weights /= weights.sum()
    expected = np.pad(plane.astype(float), reach, mode="symmetric")
    for axis in (0, 1):
        expected = np.apply_along_axis(np.convolve, axis, expected, weights, "valid")
    assert np.allclose(blur(plane, sigma=sigma), expected, atol=1e-5)
    stack = np.stack([plane, 2 * plane])
    assert np.allclose(blur(stack, sigma=sigma)[1], 2 * expected, atol=1e-5)


@given(height=sizes, width=sizes, data=st.data())
def test_shrink_keeps_constants_and_ramps(height: int, width: int, data: st.DataObject) -> None:
    small = data.draw(st.integers(1, height)), data.draw(st.integers(1, width))
    assert np.allclose(shrink(np.full((height, width), 0.3, np.float32), *small), 0.3)
    ramp = np.repeat(np.arange(height, dtype=np.float32)[:, None], width, axis=1)
    shrunk = shrink(ramp, *small)
    assert shrunk.shape == small
    # Symmetry: the middle stays the middle.
    assert np.isclose(shrunk.mean(), ramp.mean(), atol=0.01 * height)


def test_sample_is_linear() -> None:
    plane = np.add.outer(np.arange(5.0), 10 * np.arange(7.0)).astype(np.float32)
    rows, columns = np.array([0.0, 0.5, 4.0]), np.array([0.25, 6.0])
    found = sample(plane, rows=rows, columns=columns)
    assert np.allclose(found, np.add.outer(rows, 10 * columns))


@pytest.mark.parametrize("turn", TURNS)
def test_keypoints_turn_with_the_picture(turn: Turn) -> None:
    # A square with sides of a power of two shrinks the same way from both ends.
    plane = fake.scene(3, height=256, width=256).mean(axis=2).astype(np.float32) / 255
    turned = turn.keypoints(keypoints.find(plane, most=200), height=256, width=256)
    found = keypoints.find(np.ascontiguousarray(turn.plane(plane)), most=200)
    apart = np.abs(turned.places[:, None] - found.places).max(axis=2)
    apart += 1e3 * (turned.sizes[:, None] != found.sizes)
    nearest = apart.argmin(axis=1)
    # The tiles that spread them begin at one corner, so that some others are chosen.
    same = apart[np.arange(len(nearest)), nearest] < 1e-3
    assert same.mean() > 0.7
    difference = turned.descriptors[same].astype(int) - found.descriptors[nearest[same]]
    assert np.abs(difference).max() <= 2


def test_turns_are_all_different_and_named() -> None:
    assert len({str(turn) for turn in TURNS}) == 8
    assert str(TURNS[0]) == ""


def test_descriptors_have_one_length() -> None:
    plane = fake.scene(3, height=180, width=240).mean(axis=2).astype(np.float32)
    found = keypoints.find(np.log(plane + 4), most=300)
    assert found.descriptors.shape == (len(found.sizes), WIDTH)
    assert 200 <= len(found.sizes) <= 310
    length = np.sqrt((found.descriptors.astype(float) ** 2).sum(axis=1))
    assert np.allclose(length, 255, rtol=0.02)


@pytest.mark.parametrize("size", [(1, 1), (31, 400), (32, 32), (1, 300)])
def test_small_planes_have_few_keypoints_or_none(size: tuple[int, int]) -> None:
    found = keypoints.find(np.random.default_rng(0).random(size).astype(np.float32), most=300)
    assert found.places.shape == (len(found.sizes), 2)
    assert min(size) >= 32 or len(found.sizes) == 0


def test_the_index_votes_for_the_picture_that_was_turned() -> None:
    random = np.random.default_rng(0)
    pictures = [random.integers(0, 60, (120, WIDTH), dtype=np.uint8) for _ in range(30)]
    index = Index(pictures)
    for number in (0, 17, 29):
        turn = TURNS[number % 8]
        noisy = pictures[number][::2] + random.integers(0, 4, (60, WIDTH), dtype=np.uint8)
        first = index.search(turn.descriptors(noisy))[0]
        assert first.picture == number
        # Undoing a turn is itself unless it is a quarter turn, then the other quarter.
        again = first.turn.descriptors(turn.descriptors(noisy))
        assert np.array_equal(again, noisy)


def test_an_empty_index_finds_nothing() -> None:
    nothing = np.zeros((0, WIDTH), np.uint8)
    something = np.ones((5, WIDTH), np.uint8)
    assert Index([]).search(something) == []
    assert Index([nothing, nothing]).search(something) == []
    assert Index([something]).search(nothing) == []
