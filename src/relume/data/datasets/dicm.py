"""DICM: 69 dark pictures without counterpart."""

from __future__ import annotations

from relume.data.card import Dataset, Part

CARD = Dataset(
    name="dicm",
    title="DICM",
    year=2012,
    paper="https://doi.org/10.1109/ICIP.2012.6467022",
    layout="a flat folder named DICM",
    obtain="obtain it where its authors publish it (Lee, Lee, Kim)",
    parts=(Part("test", (".",), 69),),
    has_high=False,
    named_folder=True,
    notes="print the number of pictures with every score; some copies hold 44 or 64",
)
