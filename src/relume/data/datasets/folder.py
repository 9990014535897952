"""Any folder of pictures, without counterparts."""

from __future__ import annotations

from relume.data.card import Dataset, Part

CARD = Dataset(
    name="folder",
    title="folder of pictures",
    layout="pictures, in folders or not",
    obtain="any pictures will do",
    parts=(Part("all", (".",)),),
    has_high=False,
)
