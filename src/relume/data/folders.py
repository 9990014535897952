"""From the parts on a card to the branches of a copy on disk."""

from __future__ import annotations

import re
from pathlib import Path

from relume.data.card import Dataset, Part
from relume.data.files import find_folders, folders, list_files
from relume.data.pairing import Branch

ROLES = (
    ("low", "high"),
    ("low", "normal"),
    ("input", "target"),
    ("input", "gt"),
    ("input", "high"),
    ("lq", "gt"),
    ("short", "long"),
    ("raw", "reference"),
    ("image", "label"),
)
"""Names of the two folders of a pair, in lower case."""
_LOOKED_AT = 20
"""Stems that are compared with the card's pattern."""


def branches(root: Path, card: Dataset) -> list[Branch]:
    """Return what of a data set's parts lies below `root`; none where its names do not fit."""
    if card.named_folder:
        root = named(root, card.name) or root / "…"
    found = [branch for part in card.parts for branch in _of(root, part, card)]
    return [branch for branch in found if _fits(branch.low, card.stem)]


def named(root: Path, name: str) -> Path | None:
    """Return `root` if it has this name, or the folder of this name in it."""
    if root.resolve().name.lower() == name:
        return root
    return next(iter(find_folders(root, name)), None)


def roles(folder: Path) -> tuple[Path, Path | None] | None:
    """Return the two folders of a pair inside `folder`; the second is None where it is absent."""
    inside = {child.name.lower(): child for child in folders(folder)}
    for low, high in ROLES:
        if low in inside and high in inside:
            return inside[low], inside[high]
    return (inside["low"], None) if "low" in inside else None


def _of(root: Path, part: Part, card: Dataset) -> list[Branch]:
    for pattern in (*part.folders, *part.aliases):
        found: list[Branch] = []
        for folder in find_folders(root, pattern):
            group = folder.name.lower() if pattern.endswith("*") else part.group
            if not card.has_high:
                if list_files(folder).files:
                    found.append(Branch(part.split, folder, None, part.pairs, group))
                continue
            pair = roles(folder)
            if pair is None:
                continue
            if pair[1] is None and not part.high_is_optional:
                pair = (pair[0], pair[0].with_name("high"))  # which is not there: that will show
            found.append(
                Branch(
                    part.split,
                    pair[0],
                    pair[1],
                    part.pairs,
                    group,
                    high_is_optional=part.high_is_optional,
                    is_certain=pattern in part.folders,
                )
            )
        if found:
            return found
    return []


def _fits(folder: Path, pattern: str) -> bool:
    if not pattern:
        return True
    stems = [path.stem.lower() for path in list_files(folder).files[:_LOOKED_AT]]
    return all(re.fullmatch(pattern, stem) for stem in stems)
