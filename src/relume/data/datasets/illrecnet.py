"""IllRecNet's layout: a folder per stage, a folder per set in it."""

from __future__ import annotations

from relume.data.card import Dataset, Part

CARD = Dataset(
    name="illrecnet",
    title="IllRecNet's layout",
    layout="{1_train,2_valid,3_bench,4_infer}/SET/{low,high}",
    obtain="any pairs can be laid out so",
    parts=(
        Part("train", ("1_train/*",)),
        Part("validation", ("2_valid/*",)),
        Part("test", ("3_bench/*",)),
        Part("infer", ("4_infer/*",), high_is_optional=True),
    ),
)
