"""LOL-v1: 500 real pairs of dark and normal exposures."""

from __future__ import annotations

from relume.data.card import Dataset, Part

CARD = Dataset(
    name="lol-v1",
    title="LOL-v1",
    year=2018,
    paper="https://arxiv.org/abs/1808.04560",
    layout="our485/{low,high} and eval15/{low,high}, or {Train,Test}/{input,target}",
    obtain="obtain it from the page of Deep Retinex Decomposition (BMVC 2018)",
    parts=(
        Part("train", ("our485",), 485, aliases=("train",)),
        Part("test", ("eval15",), 15, aliases=("test",)),
    ),
    stem=r"\d{1,3}",
    notes="no validation split; scenes repeat across its splits: 14 of 15 test scenes stand in "
    "our485 under another exposure",
)
