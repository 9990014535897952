"""Packing loses nothing, and its two orders are the stated ones."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from relume.nn.packing import pack, pack_colours, unpack, unpack_colours

ROUND_TRIPS = [(pack, unpack), (pack_colours, unpack_colours)]


@settings(max_examples=25, deadline=None)
@given(
    count=st.integers(1, 2),
    colours=st.integers(1, 4),
    tall=st.integers(1, 5),
    wide=st.integers(1, 5),
    factor=st.sampled_from([1, 2, 3, 8]),
    which=st.sampled_from(ROUND_TRIPS),
)
def test_unpacking_undoes_packing(
    count: int, colours: int, tall: int, wide: int, factor: int, which: tuple
) -> None:
    down, up = which
    picture = torch.rand(count, colours, tall * factor, wide * factor)
    packed = down(picture, factor)
    assert packed.shape == (count, colours * factor**2, tall, wide)
    assert torch.equal(up(packed, factor), picture)
    assert torch.equal(down(up(packed, factor), factor), packed)


@pytest.mark.parametrize("colour", [0, 1, 2])
@pytest.mark.parametrize("offset", [(0, 0), (3, 5), (7, 7)])
def test_orders(colour: int, offset: tuple[int, int]) -> None:
    row, column = offset
    picture = torch.zeros(1, 3, 16, 24)
    picture[0, colour, 8 + row, 16 + column] = 1
    (ours,) = torch.nonzero(pack(picture, 8)).tolist()
    assert ours == [0, 64 * colour + 8 * row + column, 1, 2]
    (theirs,) = torch.nonzero(pack_colours(picture, 8)).tolist()
    assert theirs == [0, 3 * (8 * row + column) + colour, 1, 2]
