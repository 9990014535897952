"""BVI-RLV: frames of video in two dark lights, each with that of the same place in full light."""

from __future__ import annotations

from pathlib import Path

from relume.data.card import Dataset
from relume.data.files import find_folders
from relume.data.pairing import Branch, Facts

CARD = Dataset(
    name="bvi-rlv",
    title="BVI-RLV",
    year=2024,
    paper="https://arxiv.org/abs/2407.03535",
    layout="input/SCENE/low_light_{10,20} and gt/SCENE/normal_light_{10,20}, frames NNNNN.png",
    obtain="obtain it through https://doi.org/10.21227/mzny-8c77",
    notes="neighbouring frames are nearly the same picture: intervals over frames are too narrow; "
    "say which scenes were the test's",
)
LIGHTS = ("10", "20")
"""Percent of full light, in the names of folders."""


def branches(root: Path) -> list[Branch]:
    """Return a branch for each scene and light below `root`."""
    found: list[Branch] = []
    for low in find_folders(root, "input/*"):
        for light in LIGHTS:
            dark = find_folders(low, f"low_light_{light}")
            full = find_folders(root, f"gt/{low.name}/normal_light_{light}")
            if dark and full:
                found.append(
                    Branch(
                        "all",
                        dark[0],
                        full[0],
                        group=f"{low.name.lower()}-{light}",
                        describe=Facts({"video": low.name, "light": f"{light} %"}),
                    )
                )
    return found
