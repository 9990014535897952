"""lowCUT: 15 dark pictures of SGZ without counterpart."""

from __future__ import annotations

from relume.data.card import Dataset, Part

CARD = Dataset(
    name="lowcut",
    title="lowCUT",
    year=2022,
    paper="https://arxiv.org/abs/2110.00970",
    layout="a flat folder named lowCUT",
    obtain="obtain it from data/test_data of SGZ's repository",
    parts=(Part("test", (".",), 15),),
    has_high=False,
    named_folder=True,
)
