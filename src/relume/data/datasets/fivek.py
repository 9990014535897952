"""MIT-Adobe FiveK: 5000 photos and their retouching by an expert."""

from __future__ import annotations

from relume.data.card import Dataset, Part

CARD = Dataset(
    name="fivek",
    title="MIT-Adobe FiveK",
    year=2011,
    paper="https://data.csail.mit.edu/graphics/fivek/",
    license="research only, by Adobe and MIT",
    layout="{train,test}/{input,target}/aNNNN-….{jpg,png,tif}, already rendered from DNG",
    obtain="obtain it from the project page at MIT CSAIL",
    parts=(
        Part("train", ("train",), 4500),
        Part("test", ("test",), 500),
        Part("all", (".",), None),
    ),
    stem=r"a\d{4}.*",
    notes="the input depends on the raw renderer; the target is expert C unless said otherwise",
)
