"""VV: 24 dark pictures without counterpart."""

from __future__ import annotations

from relume.data.card import Dataset, Part

CARD = Dataset(
    name="vv",
    title="VV",
    year=2013,
    paper="https://sites.google.com/site/vonikakis/datasets",
    layout="a flat folder named VV",
    obtain="obtain it where its authors publish it (Vonikakis)",
    parts=(Part("test", (".",), 24),),
    has_high=False,
    named_folder=True,
    notes="print the number of pictures with every score; large pictures",
)
