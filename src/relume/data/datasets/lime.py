"""LIME: 10 dark pictures without counterpart."""

from __future__ import annotations

from relume.data.card import Dataset, Part

CARD = Dataset(
    name="lime",
    title="LIME",
    year=2017,
    paper="https://doi.org/10.1109/TIP.2016.2639450",
    layout="a flat folder named LIME",
    obtain="obtain it where its authors publish it (Guo, Li, Ling)",
    parts=(Part("test", (".",), 10),),
    has_high=False,
    named_folder=True,
    notes="print the number of pictures with every score",
)
