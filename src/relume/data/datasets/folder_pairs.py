"""Any two folders of pairs, alone or under train and test."""

from __future__ import annotations

from relume.data.card import Dataset, Part

CARD = Dataset(
    name="folder-pairs",
    title="folder pairs",
    layout="{low,high}, {low,normal}, {input,target}, {input,gt}, {lq,gt}, {short,long}, "
    "{raw,reference} or {image,label}, alone or in {train,val,test,eval}",
    obtain="any pairs can be laid out so",
    parts=(
        Part("train", ("train", "training")),
        Part("validation", ("val", "valid", "validation")),
        Part("test", ("test", "testing", "eval")),
        Part("all", (".",)),
    ),
)
