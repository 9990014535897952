"""MEF: 17 dark pictures without counterpart."""

from __future__ import annotations

from relume.data.card import Dataset, Part

CARD = Dataset(
    name="mef",
    title="MEF",
    year=2015,
    paper="https://doi.org/10.1109/TIP.2015.2442920",
    layout="a flat folder named MEF",
    obtain="obtain it where its authors publish it (Ma, Zeng, Wang)",
    parts=(Part("test", (".",), 17),),
    has_high=False,
    named_folder=True,
    notes="print the number of pictures with every score",
)
