"""DID, Dancing in the Dark: frames of videos, dark and lit, with the authors' lists of splits."""

from __future__ import annotations

import re
from pathlib import Path

from relume.data.card import Dataset
from relume.data.files import find_folders, folders, natural
from relume.data.pairing import Branch, Facts

CARD = Dataset(
    name="did",
    title="DID",
    year=2023,
    layout="{input,low}/videoN and {gt,normal}/videoN, frames NNN.jpg, with the authors' "
    "{train,val,test}_list.txt or without",
    obtain="obtain it through the DID repository (Dancing in the Dark, ICCV 2023)",
    notes="neighbouring frames are nearly the same picture: intervals over frames are too narrow",
)
ROLES = (("input", "gt"), ("low", "normal"))
_LISTS = {"train": "train", "validation": "val", "test": "test"}


def branches(root: Path) -> list[Branch]:
    """Return a branch for each video below `root`, in the split of the authors' lists, or `all`."""
    for low, high in ROLES:
        dark, full = find_folders(root, low), find_folders(root, high)
        if not (dark and full):
            continue
        videos = [one for one in folders(dark[0]) if re.fullmatch(r"video\d+", one.name.lower())]
        splits = _splits(root)
        return [
            Branch(
                splits.get(video.name.lower(), "all"),
                video,
                next(iter(find_folders(full[0], video.name)), full[0] / video.name),
                group=video.name.lower(),
                describe=Facts({"video": video.name}),
            )
            for video in sorted(videos, key=lambda one: natural(one.name))
        ]
    return []


def _splits(root: Path) -> dict[str, str]:
    """Return the split of each video that a list names."""
    found: dict[str, str] = {}
    for split, name in _LISTS.items():
        for path in sorted(root.iterdir()):
            if path.name.lower() == f"{name}_list.txt" and path.is_file():
                lines = path.read_text("utf-8", errors="replace").split()
                found |= dict.fromkeys((line.lower() for line in lines), split)
    return found
