"""LOL-v2 real: 789 real pairs, a re-split and extension of LOL-v1."""

from __future__ import annotations

from relume.data.card import Dataset, Part

CARD = Dataset(
    name="lol-v2-real",
    title="LOL-v2 real",
    year=2021,
    paper="https://doi.org/10.1109/TIP.2021.3050850",
    layout="Real_captured/{Train,Test}/{Low,Normal}",
    obtain="obtain LOL-v2 through the DRBN repository (CVPR 2020)",
    parts=(
        Part("train", ("Real_captured/Train",), 689, aliases=("Train",)),
        Part("test", ("Real_captured/Test",), 100, aliases=("Test",)),
    ),
    stem=r"(low|normal)?\d{5}",
    notes="overlaps LOL-v1: never train on one and test on the other",
)
