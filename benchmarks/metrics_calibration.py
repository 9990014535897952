"""Compare the metrics with the published scores of five pictures; 1 when one is too far off.

    python benchmarks/metrics_calibration.py DATA [--allmodel FILE] [--lpips-alex FILE]

DATA holds calibration/ (ref_dir, dist_dir, results_official.csv) and parameters/ (the published
parameters of NIQE and OpenCV's model of BRISQUE). Two metrics need files that are not there: the
authors' model of BRISQUE, and LPIPS with AlexNet; without them their lines are left out, visibly.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from relume.metrics.scorer import scorer

PICTURES = ("I03", "I04", "I06", "I08", "I19")


@dataclass(frozen=True)
class Tolerance:
    """How far a score may be from the published one, and why it may be."""

    atol: float
    why: str

    def __post_init__(self) -> None:
        if not self.why:
            raise ValueError("a tolerance without a reason is a failure")


FOUR_DIGITS = Tolerance(5.1e-5, "printed with four digits")
TWO_DIGITS = Tolerance(5.1e-3, "printed with two digits")
ONE_OR_TWO_DIGITS = Tolerance(5.1e-3, "printed with one or two digits")
FLAT = "flat areas: the sign of rounding errors enters the published statistics, here it is zero"
FLOAT32 = "flat areas: the sign of float32 rounding errors depends on the order of summation"

TOLERANCES: dict[str, Tolerance | dict[str, Tolerance]] = {
    "psnr": ONE_OR_TWO_DIGITS,
    "ssim[gray]": FOUR_DIGITS,
    "entropy": FOUR_DIGITS,
    "piqe": TWO_DIGITS,
    "lpips-alex": Tolerance(2e-4, "published tables differ by 1e-4; engines differ in rounding"),
    "niqe": {
        "I03": Tolerance(0.05, FLAT),
        "I04": Tolerance(1e-6, "no flat area: only the order of summation differs"),
        "I06": Tolerance(0.005, FLAT),
        "I08": Tolerance(0.03, FLAT),
        "I19": Tolerance(0.1, FLAT),
    },
    "brisque": {
        "I03": Tolerance(0.01, FLAT),
        "I04": Tolerance(0.001, "no flat area: the scaling ranges are printed with six digits"),
        "I06": Tolerance(0.01, FLAT),
        "I08": Tolerance(0.6, FLAT),
        "I19": Tolerance(2.5, FLAT),
    },
    "brisque-opencv": {
        "I03": Tolerance(0.1, FLOAT32),
        "I04": Tolerance(1e-9, "both are clipped to 0"),
        "I06": Tolerance(0.3, FLOAT32),
        "I08": Tolerance(0.1, FLOAT32),
        "I19": Tolerance(1.0, FLOAT32),
    },
}

OFFICIAL_ROWS = {
    "psnr": "psnr",
    "ssim[gray]": "ssim",
    "entropy": "entropy",
    "piqe": "piqe",
    "lpips-alex": "lpips",
    "niqe": "niqe",
    "brisque": "brisque",
}
"""Name of ours → row of results_official.csv."""

OPENCV_SCORES = dict(zip(PICTURES, (84.4640, 0.0, 1.2929, 7.9110, 83.8136), strict=True))
"""Of OpenCV 5.0's own quality module with its own model files."""


@dataclass(frozen=True)
class Line:
    """One score beside the published one."""

    metric: str
    picture: str
    ours: float
    official: float
    tolerance: Tolerance

    @property
    def agrees(self) -> bool:
        """Whether the difference is within the tolerance."""
        return abs(self.ours - self.official) <= self.tolerance.atol


def lines(data: Path, models: dict[str, Path]) -> Iterator[Line]:
    """Measure every picture with every metric whose files are there."""
    with (data / "calibration/results_official.csv").open(newline="") as stream:
        table = {row["Method"]: row for row in csv.DictReader(stream)}
    official = {
        name: {picture: float(table[row][f"{picture}.bmp"]) for picture in PICTURES}
        for name, row in OFFICIAL_ROWS.items()
    } | {"brisque-opencv": OPENCV_SCORES}
    for name, tolerances in TOLERANCES.items():
        if name in ("brisque", "lpips-alex") and name not in models:
            continue
        measure = scorer(name, model=models.get(name))
        for picture in PICTURES:
            distorted = read(data / "calibration/dist_dir" / f"{picture}.bmp")
            reference = read(data / "calibration/ref_dir" / f"{picture}.bmp")
            tolerance = tolerances if isinstance(tolerances, Tolerance) else tolerances[picture]
            yield Line(
                str(measure.label),
                picture,
                measure(distorted, reference),
                official[name][picture],
                tolerance,
            )


def read(path: Path) -> NDArray[np.uint8]:
    """Read a picture as 8-bit RGB."""
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


def main() -> int:
    """Print the table; 1 when a score leaves its tolerance."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--allmodel", type=Path)
    parser.add_argument("--lpips-alex", type=Path)
    given = parser.parse_args()
    parameters = given.data / "parameters"
    models = {
        "niqe": parameters / "niqe_pris_params.npz",
        "brisque-opencv": parameters / "brisque_model_live.yml",
    }
    for name, path in (("brisque", given.allmodel), ("lpips-alex", given.lpips_alex)):
        if path is None:
            print(f"{name}: not measured, its model was not given")
        else:
            models[name] = path
    failures = 0
    print("| metric | picture | ours | official | difference | tolerance | why |")
    print("|---|---|--:|--:|--:|--:|---|")
    for line in lines(given.data, models):
        failures += not line.agrees
        print(
            f"| {line.metric} | {line.picture} | {line.ours:.6f} | {line.official:.6f} "
            f"| {line.ours - line.official:+.6f}{'' if line.agrees else ' **outside**'} "
            f"| {line.tolerance.atol:g} | {line.tolerance.why} |"
        )
    return min(failures, 1)


if __name__ == "__main__":
    sys.exit(main())
