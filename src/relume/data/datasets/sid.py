"""SID, See-in-the-Dark: RAW pictures of short and long exposure; names and lists only.

A name is IIIII_SS_Ts: an id whose first digit is the split, a number in a burst, seconds.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from relume.data.card import Dataset, Part
from relume.data.files import find_folders, list_files
from relume.data.pairing import Branch

CARD = Dataset(
    name="sid",
    title="SID",
    year=2018,
    paper="https://arxiv.org/abs/1805.01934",
    license="MIT",
    layout="{Sony,Fuji}/{short,long}/IIIII_SS_Ts.{ARW,RAF}, with or without the authors' lists "
    "such as Sony_test_list.txt",
    obtain="obtain it through the Learning-to-See-in-the-Dark repository",
    parts=(
        Part("train", (), 1865, group="sony"),
        Part("validation", (), 234, group="sony"),
        Part("test", (), 598, group="sony"),
    ),
    readable=False,
    notes="say whether all rows or the first of each burst were used, and whether the misaligned "
    "ids 10034, 10045 and 10172 are in",
)
MISALIGNED = frozenset({"10034", "10045", "10172"})
"""Ids whose long exposure does not fit, as the authors announced in 2018."""
LARGEST_AMPLIFICATION = 300.0
"""The published code caps the ratio of the exposure times at it."""
_SPLITS = {"0": "train", "1": "test", "2": "validation"}
_COUNTS = {
    ("sony", "train"): 1865, ("sony", "validation"): 234, ("sony", "test"): 598,
    ("fuji", "train"): 1655, ("fuji", "validation"): 218, ("fuji", "test"): 524,
}  # fmt: skip
_LISTS = {"train": "train", "validation": "val", "test": "test"}
_NAME = re.compile(r"(\d{5})_(\d{2})_(\d+(?:\.\d+)?)s", re.IGNORECASE)
_SUFFIXES = frozenset({".arw", ".raf", ".dng"})


def branches(root: Path) -> list[Branch]:
    """Return the three splits of each camera that lies below `root`."""
    found: list[Branch] = []
    for camera in ("sony", "fuji"):
        for place in find_folders(root, camera):
            short, long = find_folders(place, "short"), find_folders(place, "long")
            if not (short and long and _is_sid(short[0])):
                continue
            for split in _SPLITS.values():
                listed = _listed(root, place, camera, split)
                found.append(
                    Branch(
                        split,
                        short[0],
                        long[0],
                        _COUNTS[camera, split],
                        camera,
                        scene=_id,
                        high_scene=_id,
                        suffixes=_SUFFIXES,
                        describe=_facts,
                        keep=partial(_is_in, split=split, listed=listed),
                    )
                )
    return found


def amplification(low: Path, high: Path) -> float:
    """Return the factor between two exposure times, as their names tell them, capped at 300."""
    return min(seconds(high) / seconds(low), LARGEST_AMPLIFICATION)


def seconds(path: Path) -> float:
    """Return the exposure time that a name tells; 0 for another name."""
    found = _NAME.fullmatch(path.stem)
    return float(found[3]) if found else 0.0


def _id(path: Path) -> str:
    return path.stem.partition("_")[0]


def _is_sid(short: Path) -> bool:
    files = list_files(short, suffixes=_SUFFIXES).files
    return bool(files) and all(_NAME.fullmatch(path.stem) for path in files[:20])


def _is_in(low: Path, *, split: str, listed: frozenset[str]) -> bool:
    if listed:
        return low.name.lower() in listed
    return _SPLITS.get(low.name[0]) == split


def _listed(root: Path, place: Path, camera: str, split: str) -> frozenset[str]:
    """Return the names of the short exposures in the authors' list; none where it is absent."""
    name = f"{camera}_{_LISTS[split]}_list.txt"
    for folder in (root, place):
        for path in folder.iterdir():
            if path.name.lower() == name:
                rows = path.read_text("utf-8", errors="replace").splitlines()
                return frozenset(Path(row.split()[0]).name.lower() for row in rows if row.strip())
    return frozenset()


def _facts(low: Path, high: Path | None) -> Mapping[str, str]:
    facts = {"camera": "Sony α7S II" if low.suffix.lower() == ".arw" else "Fujifilm X-T2"}
    if high is not None and seconds(low) and seconds(high):
        facts["amplification"] = f"{amplification(low, high):g}"
    if _id(low) in MISALIGNED:
        facts["misaligned"] = "announced by the authors"
    return facts
