"""LSRW: real pairs from a phone and a camera."""

from __future__ import annotations

from relume.data.card import Dataset, Part

CARD = Dataset(
    name="lsrw",
    title="LSRW",
    year=2023,
    paper="https://arxiv.org/abs/2106.14501",
    layout="{Training data,Eval}/{Huawei,Nikon}/{low,high}",
    obtain="obtain it through the R2RNet repository",
    parts=(
        Part("train", ("Training data/Huawei", "Train/Huawei"), 2450, group="huawei"),
        Part("train", ("Training data/Nikon", "Train/Nikon"), 3150, group="nikon"),
        Part("test", ("Eval/Huawei", "Test/Huawei"), 30, group="huawei"),
        Part("test", ("Eval/Nikon", "Test/Nikon"), 20, group="nikon"),
    ),
    notes="some outdoor pairs are not aligned, its authors say; report Huawei and Nikon apart too",
)
