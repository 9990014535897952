"""SICE: sequences of exposures, each with a fused label."""

from __future__ import annotations

from pathlib import Path
from zlib import crc32

from relume.data.card import Dataset
from relume.data.files import find_folders, folders, list_files
from relume.data.pairing import Branch, key_of

CARD = Dataset(
    name="sice",
    title="SICE",
    year=2018,
    paper="https://doi.org/10.1109/TIP.2018.2794218",
    license="for research",
    layout="Dataset_Part{1,2}/SEQUENCE/N.JPG with Dataset_Part{1,2}/Label/SEQUENCE.JPG, or "
    "SICE-test/{image,label} with SEQUENCE_N.JPG and SEQUENCE.JPG",
    obtain="obtain it through the repository of Cai, Gu and Zhang",
    notes="labels are fusions; there is no common split: ours puts a sequence in the test split "
    "when crc32(its name) mod 5 is 0",
)
_TEST_SHARE = 5


def split_of(sequence: str) -> str:
    """Return the split of a sequence; the authors published no usable one."""
    return "test" if crc32(sequence.encode()) % _TEST_SHARE == 0 else "train"


def branches(root: Path) -> list[Branch]:
    """Return both splits of each part, or PairLIE's test pictures."""
    found: list[Branch] = []
    places = [root, *find_folders(root, "Dataset_Part1"), *find_folders(root, "Dataset_Part2")]
    for place in places:
        labels = find_folders(place, "label")
        if labels and not find_folders(place, "image") and _has_sequences(place):
            part = "" if place == root else place.name.lower().removeprefix("dataset_")
            found += [_part(place, labels[0], split, part) for split in ("train", "test")]
    for place in (root, *find_folders(root, "SICE-test")):
        images, labels = find_folders(place, "image"), find_folders(place, "label")
        if images and labels and _is_numbered(images[0]):
            found.append(Branch("test", images[0], labels[0], scene=_before_underscore))
    return found


def _part(place: Path, labels: Path, split: str, group: str) -> Branch:
    def is_here(low: Path) -> bool:
        return (
            low.parent.parent == place
            and low.parent != labels
            and split_of(low.parent.name) == split
        )

    # An exposure's path is SEQUENCE/N: the folder is the scene, and `scene` adds nothing to it.
    return Branch(
        split,
        place,
        labels,
        group=group,
        scene=lambda low: "",
        high_scene=lambda high: f"{key_of(high)}/",
        describe=lambda low, high: {"exposures": "any"},
        keep=is_here,
    )


def _has_sequences(place: Path) -> bool:
    return any(folder.name.isdecimal() for folder in folders(place))


def _is_numbered(images: Path) -> bool:
    files = list_files(images).files
    return bool(files) and all("_" in path.stem for path in files)


def _before_underscore(path: Path) -> str:
    return path.stem.lower().partition("_")[0]
