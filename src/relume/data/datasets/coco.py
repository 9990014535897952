"""COCO 2017: photographs of everyday scenes, to be darkened, or as negatives of an audit."""

from __future__ import annotations

from relume.data.card import Dataset, Part

CARD = Dataset(
    name="coco",
    title="COCO 2017",
    year=2014,
    paper="https://arxiv.org/abs/1405.0312",
    license="each photograph by the terms of Flickr",
    layout="{train2017,val2017,test2017}/NNNNNNNNNNNN.jpg",
    obtain="obtain the 2017 images from its page",
    parts=(
        Part("train", ("train2017", "coco/train2017", "images/train2017"), 118_287),
        Part("validation", ("val2017", "coco/val2017", "images/val2017"), 5000),
        Part("test", ("test2017", "coco/test2017", "images/test2017"), 40_670),
    ),
    stem=r"\d{12}",
    has_high=False,
    notes="pictures by day: a score on them is of pictures that were darkened; say how",
)
