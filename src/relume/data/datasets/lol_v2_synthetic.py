"""LOL-v2 synthetic: 1000 RAW photos darkened by curves."""

from __future__ import annotations

from relume.data.card import Dataset, Part

CARD = Dataset(
    name="lol-v2-synthetic",
    title="LOL-v2 synthetic",
    year=2021,
    paper="https://doi.org/10.1109/TIP.2021.3050850",
    layout="Synthetic/{Train,Test}/{Low,Normal}",
    obtain="obtain LOL-v2 through the DRBN repository (CVPR 2020)",
    parts=(
        Part("train", ("Synthetic/Train", "Train"), 900),
        Part("test", ("Synthetic/Test", "Test"), 100),
    ),
    stem=r"r[0-9a-f]{8}t",
)
