"""SDSD: frames of moving scenes in the dark, each with that of the same motion in full light."""

from __future__ import annotations

from pathlib import Path

from relume.data.card import Dataset
from relume.data.files import find_folders, folders, list_files
from relume.data.pairing import Branch, Facts

CARD = Dataset(
    name="sdsd",
    title="SDSD",
    year=2021,
    layout="{indoor,outdoor}_png, or indoor and outdoor, with {input,LQ}/VIDEO and GT/VIDEO, "
    "frames NNNN.png; frames as .npy are to be written as PNG first",
    obtain="obtain it through the SDSD repository (ICCV 2021)",
    notes="the split is that of each paper: say which videos were the test's; neighbouring frames "
    "are nearly the same picture: intervals over frames are too narrow",
)
PLACES = ("indoor", "outdoor")
DARK = ("input", "lq")


def branches(root: Path) -> list[Branch]:
    """Return a branch for each video below `root`, which may be that of one place."""
    found: list[Branch] = []
    for place in PLACES:
        named = [f"{place}_png", f"{place}/{place}_png", place]
        here = [one for name in named for one in find_folders(root, name)]
        here += [root] if root.resolve().name.lower() in named else []
        for folder in here:
            of_place = _videos(folder, place)
            found += of_place
            if of_place:
                break
    return found


def _videos(folder: Path, place: str) -> list[Branch]:
    full = next(iter(find_folders(folder, "gt")), None)
    dark = next((one for name in DARK for one in find_folders(folder, name)), None)
    if full is None or dark is None:
        return []
    return [
        Branch(
            "all",
            video,
            next(iter(find_folders(full, video.name)), full / video.name),
            group=f"{place}-{video.name.lower()}",
            describe=Facts({"place": place, "video": video.name}),
        )
        for video in folders(dark)
        if list_files(video).files
    ]
