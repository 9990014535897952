"""Samples as files for the toolchains of accelerators: one .npz each, and lists of them.

| file             | holds                                                                   |
|------------------|-------------------------------------------------------------------------|
| NAME.npz         | `image`, (C, H, W) float32 in [0, 1], and each knob of the graph, 0-d   |
| calibration.txt  | the names of the files to quantise by, one on a line                    |
| evaluation.txt   | the names of those to measure on                                        |
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from relume.arrays import Floats
from relume.card import Card
from relume.errors import ContractError, NoDatasetError, UnreadableError, UnwritableError
from relume.export.samples import Sample, Samples
from relume.io.atomic import replacing

CALIBRATION, EVALUATION = "calibration.txt", "evaluation.txt"
MOST_BYTES = 2**28
"""Of one file: a picture of 20 megapixels in float32."""


def write_samples(samples: Samples, folder: Path, *, knobs: Mapping[str, float]) -> None:
    """Write samples and their lists to a new or empty folder.

    Raises: UnwritableError; ContractError where the folder holds something.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise ContractError(f"--npz {folder}: is not empty; name a new folder")
    except OSError as error:
        raise UnwritableError(f"cannot write {folder}: {error.strerror or error}") from error
    scalars = {name: np.array(value, np.float32) for name, value in knobs.items()}
    for sample in {
        each.name: each for each in (*samples.calibration, *samples.evaluation)
    }.values():
        file = io.BytesIO()
        np.savez_compressed(file, image=sample.image, **scalars)  # pyright: ignore[reportArgumentType]
        with replacing(folder / f"{sample.name}.npz") as place:
            place.write(file.getvalue())
    # The lists come last: where they are, everything is.
    for name, members in ((EVALUATION, samples.evaluation), (CALIBRATION, samples.calibration)):
        with replacing(folder / name) as place:
            place.write("".join(f"{each.name}.npz\n" for each in members).encode())


def read_samples(folder: Path, card: Card) -> Samples:
    """Read what `write_samples` wrote, or another program did in this form.

    Raises: NoDatasetError, UnreadableError, ContractError.
    """
    channels = 1 if card.input == "mosaic" else 3
    lists: list[Sequence[Sample]] = []
    for name in (CALIBRATION, EVALUATION):
        if not (folder / name).is_file():
            lists.append(lists[0] if lists else ())
            continue
        lines = (folder / name).read_text(encoding="utf-8").split("\n")
        names = [line.strip() for line in lines if line.strip()]
        lists.append([_read(folder, each, channels, card.multiple_of) for each in names])
    if not lists[0]:
        raise NoDatasetError(f"{folder}: {CALIBRATION} is absent or empty")
    return Samples(lists[0], lists[1])


def _read(folder: Path, name: str, channels: int, multiple_of: int) -> Sample:
    path = folder / name
    try:
        if path.stat().st_size > MOST_BYTES:
            raise UnreadableError(f"{path}: is too large for one sample")
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as arrays:
            image: Floats = arrays["image"]
    except (OSError, EOFError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
        if isinstance(error, UnreadableError):
            raise
        raise UnreadableError(f"{path}: not an .npz file with the array 'image'") from error
    if image.dtype != np.float32 or image.ndim != 3 or image.shape[0] != channels:
        raise ContractError(
            f"{path}: expected ({channels}, H, W) float32, got {image.shape} {image.dtype}"
        )
    if not image.size or any(side % multiple_of for side in image.shape[1:]):
        raise ContractError(
            f"{path}: expected sides that are multiples of {multiple_of}, got {image.shape}"
        )
    if not (np.isfinite(image).all() and image.min() >= 0 and image.max() <= 1):
        raise ContractError(f"{path}: expected values in [0, 1]")
    return Sample(path.stem, image)
