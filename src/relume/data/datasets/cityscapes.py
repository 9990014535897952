"""Cityscapes: streets of 50 cities by day, to be darkened, or as negatives of an audit."""

from __future__ import annotations

from relume.data.card import Dataset, Part

CARD = Dataset(
    name="cityscapes",
    title="Cityscapes",
    year=2016,
    paper="https://arxiv.org/abs/1604.01685",
    license="research only, by its authors",
    layout="leftImg8bit/{train,val,test}/CITY/CITY_NNNNNN_NNNNNN_leftImg8bit.png",
    obtain="obtain leftImg8bit_trainvaltest from its page, with an account",
    parts=(
        Part("train", ("leftImg8bit/train", "cityscapes/leftImg8bit/train"), 2975),
        Part("validation", ("leftImg8bit/val", "cityscapes/leftImg8bit/val"), 500),
        Part("test", ("leftImg8bit/test", "cityscapes/leftImg8bit/test"), 1525),
    ),
    stem=r"[a-z-]+_\d{6}_\d{6}_leftimg8bit",
    has_high=False,
    notes="pictures by day: a score on them is of pictures that were darkened; say how",
)
