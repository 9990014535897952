"""Miniature data sets in every layout we read: generated scenes, dark and bright.

Every function takes the folder to fill and returns it; the names and folders are those of the real
data sets, the counts are not.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

SMALL = (36, 48)
"""Height and width: enough for a loader and a checker."""


def scene(seed: int, *, height: int = 36, width: int = 48) -> NDArray[np.uint8]:
    """Return (height, width, 3): overlapping boxes and discs of all sizes, softly lit."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width].astype(np.float32)
    light = 0.5 + 0.3 * np.sin(x / width * random.uniform(2, 5) + random.uniform(0, 6))
    picture = np.repeat(light[..., None], 3, axis=2)
    for _ in range(80):
        size = max(height, width) * 0.25 * random.random() ** 2 + 2.0
        cy, cx = random.uniform(0, height), random.uniform(0, width)
        if random.random() < 0.5:
            inside = np.hypot(y - cy, x - cx) < size
        else:
            inside = (abs(y - cy) < size) & (abs(x - cx) < size * random.uniform(0.3, 2.0))
        picture[inside] = 0.3 * picture[inside] + 0.7 * random.uniform(0.05, 0.95, 3)
    return np.rint(np.clip(picture, 0, 1) * 255).astype(np.uint8)


def expose(picture: NDArray[np.uint8], factor: float) -> NDArray[np.uint8]:
    """Multiply linear light, clip, round; a power of 2.2 stands for the sRGB curve."""
    linear = (picture / 255.0) ** 2.2 * factor
    return np.rint(np.clip(linear, 0, 1) ** (1 / 2.2) * 255).astype(np.uint8)


def put(path: Path, picture: NDArray[np.uint8]) -> Path:
    """Write a picture, lossless where its suffix allows."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(picture).save(path)
    return path


def put_pair(low: Path, high: Path, seed: int) -> None:
    """Write a scene and its dark exposure."""
    picture = scene(seed, height=SMALL[0], width=SMALL[1])
    put(high, picture)
    put(low, expose(picture, 0.1))


def _pairs(
    low: Path, high: Path, names: Sequence[str], *, seed: int, high_names: Sequence[str] = ()
) -> None:
    for number, (name, other) in enumerate(zip(names, high_names or names, strict=True)):
        put_pair(low / name, high / other, seed + number)


def lol_v1(root: Path) -> Path:
    _pairs(root / "our485/low", root / "our485/high", ["2.png", "10.png", "9.png"], seed=0)
    _pairs(root / "eval15/low", root / "eval15/high", ["1.png", "22.png"], seed=10)
    return root


def lol_v2_real(root: Path) -> Path:
    for part, seed, first in (("Train", 20, 1), ("Test", 30, 690)):
        numbers = [f"{first + n:05d}.png" for n in range(3)]
        here = root / "Real_captured" / part
        _pairs(
            here / "Low",
            here / "Normal",
            [f"low{name}" for name in numbers],
            high_names=[f"normal{name}" for name in numbers],
            seed=seed,
        )
    return root


def lol_v2_synthetic(root: Path) -> Path:
    for part, seed in (("Train", 40), ("Test", 50)):
        here = root / "Synthetic" / part
        names = [f"r0{seed}da5{n}ft.png" for n in range(2)]
        _pairs(here / "Low", here / "Normal", names, seed=seed)
    return root


def bvi_rlv(root: Path) -> Path:
    """Two scenes in two lights, two frames each."""
    for number, name in enumerate(("S01", "S02_crayons")):
        for light in (10, 20):
            _pairs(
                root / "input" / name / f"low_light_{light}",
                root / "gt" / name / f"normal_light_{light}",
                ["00001.png", "00002.png"],
                seed=600 + 10 * number,
            )
    return root


def sdsd(root: Path) -> Path:
    """Two videos indoors and one outdoors, two frames each."""
    for place, videos in (("indoor", ("pair1", "pair12")), ("outdoor", ("MVI_0898",))):
        for number, name in enumerate(videos):
            here = root / f"{place}_png"
            frames = ["0001.png", "0002.png"]
            seed = 640 + 10 * number + 5 * (place == "outdoor")
            _pairs(here / "input" / name, here / "GT" / name, frames, seed=seed)
    return root


def did(root: Path) -> Path:
    """Three videos of two frames, and the lists of their splits."""
    splits = (("train", "video2"), ("val", "video10"), ("test", "video3"))
    for number, (split, name) in enumerate(splits):
        frames = ["000.jpg", "001.jpg"]
        _pairs(root / "input" / name, root / "gt" / name, frames, seed=670 + 10 * number)
        (root / f"{split}_list.txt").write_text(f"{name}\n")
    return root


def lsrw(root: Path) -> Path:
    for part, camera, seed in (
        ("Training data", "Huawei", 60),
        ("Training data", "Nikon", 70),
        ("Eval", "Huawei", 80),
        ("Eval", "Nikon", 90),
    ):
        here = root / part / camera
        _pairs(here / "low", here / "high", ["2055.jpg", "2056.jpg"], seed=seed)
    return root


def sice(root: Path) -> Path:
    """Six sequences of three exposures; 6 and 2 have more than the others."""
    for part, sequences in (("Dataset_Part1", (1, 2, 3, 4)), ("Dataset_Part2", (5, 6))):
        for sequence in sequences:
            picture = scene(100 + sequence, height=SMALL[0], width=SMALL[1])
            put(root / part / "Label" / f"{sequence}.JPG", picture)
            for number in range(1, 4 + (sequence % 4 == 2)):
                exposed = expose(picture, 0.05 * 4.0**number)
                put(root / part / str(sequence) / f"{number}.JPG", exposed)
    return root


def sice_test(root: Path) -> Path:
    """PairLIE's test pictures of SICE."""
    for sequence in (1, 2):
        picture = scene(120 + sequence, height=SMALL[0], width=SMALL[1])
        put(root / "SICE-test/label" / f"{sequence}.JPG", picture)
        for number in (1, 2):
            dark = expose(picture, 0.05 * number)
            put(root / "SICE-test/image" / f"{sequence}_{number}.JPG", dark)
    return root


def sid(root: Path) -> Path:
    """Names only: the files hold a few bytes."""
    names = {
        "short": ("00001_00_0.04s", "00001_01_0.04s", "10003_00_0.033s", "10034_00_0.1s",
                  "20001_00_0.1s"),
        "long": ("00001_00_10s", "10003_00_10s", "10034_00_10s", "20001_00_30s"),
    }  # fmt: skip
    for folder, stems in names.items():
        for stem in stems:
            path = root / "Sony" / folder / f"{stem}.ARW"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"RAW")
    return root


def fivek(root: Path) -> Path:
    for part, seed in (("train", 130), ("test", 140)):
        names = [f"a{seed:04d}-kme_{n}.jpg" for n in range(2)]
        _pairs(root / part / "input", root / part / "target", names, seed=seed)
    return root


def unpaired(root: Path, name: str) -> Path:
    """A flat folder of a set without references, with mixed suffixes."""
    for number, suffix in ((1, ".jpg"), (2, ".JPG"), (10, ".bmp")):
        put(root / name / f"{number}{suffix}", expose(scene(150 + number), 0.1))
    return root


def bdd(root: Path) -> Path:
    for part, names in (
        ("train", ("0000f77c-6257be58", "0000f77c-62c2a288")),
        ("val", ("b1c66a42-6f7d68ca",)),
    ):
        for name in names:
            put(root / "images/100k" / part / f"{name}.jpg", expose(scene(210), 0.1))
    return root


def cityscapes(root: Path) -> Path:
    for part, city, frames in (("train", "aachen", (19, 20)), ("val", "frankfurt", (294,))):
        for frame in frames:
            name = f"{city}_000000_{frame:06d}"
            put(root / "leftImg8bit" / part / city / f"{name}_leftImg8bit.png", scene(220))
            put(root / "gtFine" / part / city / f"{name}_gtFine_color.png", scene(221))
    return root


def coco(root: Path) -> Path:
    for part, names in (("train2017", (9, 25)), ("val2017", (139,))):
        for name in names:
            put(root / part / f"{name:012d}.jpg", scene(230))
    return root


def folder_pairs(root: Path, low: str = "low", high: str = "high") -> Path:
    _pairs(root / low, root / high, ["a.png", "b.jpg", "c10.png", "c9.png"], seed=160)
    return root


def illrecnet(root: Path) -> Path:
    for stage, seed in (("1_train", 170), ("2_valid", 180), ("3_bench", 190)):
        for name in ("rooms", "streets"):
            here = root / stage / name
            _pairs(here / "low", here / "high", ["x.png", "y.png"], seed=seed + len(name))
    put(root / "4_infer/rooms/low/z.png", expose(scene(199), 0.1))
    return root
