"""BDD100K: frames of a hundred thousand drives, by day and by night, without counterpart."""

from __future__ import annotations

from relume.data.card import Dataset, Part

CARD = Dataset(
    name="bdd",
    title="BDD100K",
    year=2018,
    paper="https://arxiv.org/abs/1805.04687",
    layout="images/100k/{train,val,test}, below bdd100k or not, or 100k/{train,val,test}",
    obtain="obtain the 100K images from its page at Berkeley DeepDrive",
    parts=(
        Part("train", ("images/100k/train", "bdd100k/images/100k/train", "100k/train"), 70_000),
        Part("validation", ("images/100k/val", "bdd100k/images/100k/val", "100k/val"), 10_000),
        Part("test", ("images/100k/test", "bdd100k/images/100k/test", "100k/test"), 20_000),
    ),
    stem=r"[0-9a-f]{8}-[0-9a-f]{8}",
    has_high=False,
    notes="by day and by night: say which were taken; its labels tell them apart",
)
