"""What a trained network is used for: measured on pairs, and applied to pictures."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from relume.io.atomic import replacing
from relume.metrics.scorer import scorer
from relume.train.data import Wholes
from relume.train.draws import collate
from relume.train.measure import in_8_bits
from relume.train.module import Trainee
from relume.train.pictures import read_picture
from relume.train.scenes import Scene


@dataclass(frozen=True)
class Score:
    """What was measured on one pair."""

    folder: str
    key: str
    values: Mapping[str, float]
    """By the metric's label."""


@torch.no_grad()
def measure(
    trainee: Trainee, tests: Mapping[str, Wholes], *, labels: Sequence[str]
) -> Iterator[Score]:
    """Compare 8-bit results with their references, pair by pair."""
    scorers = {label: scorer(label) for label in labels}
    for folder, pairs in tests.items():
        for index, scene in enumerate(pairs.scenes):
            batch = collate([pairs[index]])
            batch = {role: image.to(trainee.device) for role, image in batch.items()}
            enhanced, reference = map(to_bytes, trainee.objective.compare(trainee.judged, batch))
            values = {label: score(enhanced, reference) for label, score in scorers.items()}
            yield Score(folder, scene.key, values)


@torch.no_grad()
def enhance_all(
    trainee: Trainee, folders: Mapping[str, Sequence[Scene]], *, output: Path
) -> Iterator[Path]:
    """Enhance pictures as they are and write each as PNG; yield where."""
    for folder, scenes in folders.items():
        for scene in scenes:
            low = read_picture(scene.paths[0])[None].to(trainee.device).float() / 255
            pixels = to_bytes(trainee.objective.enhance(trainee.judged, low))
            target = output / folder / f"{scene.key}.png"
            target.parent.mkdir(parents=True, exist_ok=True)
            write_png(target, pixels)
            yield target


def to_bytes(images: Tensor) -> NDArray[np.uint8]:
    """Return the first of (N, 3, H, W) in [0, 1] as (H, W, 3) uint8."""
    pixels: NDArray[np.uint8] = in_8_bits(images[0]).byte().cpu().numpy()
    return np.ascontiguousarray(pixels.transpose(1, 2, 0))


def write_png(path: Path, pixels: NDArray[np.uint8]) -> None:
    """Write (H, W, 3) uint8, whole or not at all."""
    with replacing(path) as file:
        Image.fromarray(pixels).save(file, "PNG", compress_level=1)


def table_of(scores: Sequence[Score]) -> str:
    """Return the scores as CSV, one line per pair and metric."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("folder", "key", "metric", "value"))
    for score in scores:
        writer.writerows((score.folder, score.key, *pair) for pair in score.values.items())
    return text.getvalue()
