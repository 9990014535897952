"""NPE: 8 dark pictures without counterpart."""

from __future__ import annotations

from relume.data.card import Dataset, Part

CARD = Dataset(
    name="npe",
    title="NPE",
    year=2013,
    paper="https://doi.org/10.1109/TIP.2013.2261309",
    layout="a flat folder named NPE",
    obtain="obtain it where its authors publish it (Wang, Zheng, Hu, Li)",
    parts=(Part("test", (".",), 8),),
    has_high=False,
    named_folder=True,
    notes="print the number of pictures with every score; with its three extensions 84 or 85",
)
