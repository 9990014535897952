"""Keys and natural order."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relume.data.files import natural
from relume.data.pairing import key_of


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("low00690.png", "00690"),
        ("normal00690.PNG", "00690"),
        ("GT_12.jpg", "12"),
        ("12_gt.jpg", "12"),
        ("room-low.png", "room"),
        ("low.png", "low"),
        ("lowland.png", "lowland"),
        ("highway7.png", "highway7"),
        ("a0001-jmac_DSC1459.jpg", "a0001-jmac_dsc1459"),
    ],
)
def test_key(name: str, key: str) -> None:
    assert key_of(Path(name)) == key


@given(st.lists(st.integers(0, 10**6), unique=True))
def test_numbers_sort_as_numbers(numbers: list[int]) -> None:
    names = [f"low{number}.png" for number in numbers]
    assert sorted(names, key=natural) == [f"low{number}.png" for number in sorted(numbers)]


@given(st.lists(st.text()))
def test_any_names_can_be_sorted(names: list[str]) -> None:
    assert sorted(sorted(names, key=natural)) == sorted(names)
